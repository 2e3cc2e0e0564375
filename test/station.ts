/** A node with logs of its own, for the tests that start and stop it. */
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { clock, monthName } from "../fixtures/generators/access-log.ts"
import { type Recorded, recordedLines, recordedVerdicts } from "./recorded.ts"
import { freePort, type Running, temporaryFolder, testudo, until } from "./process.ts"

export interface StationLog {
  readonly file: string
  readonly type: "syslog" | "nginx"
  /** Default UTC. */
  readonly timezone?: string
}

export const authLog: StationLog = { file: "auth.log", type: "syslog" }
export const accessLog: StationLog = { file: "access.log", type: "nginx" }
