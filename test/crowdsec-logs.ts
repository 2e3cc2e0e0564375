/** The logs that Testudo and the real CrowdSec both judge, by the same rules: 20,000 lines each. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { botnet } from "../fixtures/generators/botnet.ts"
import { listed, listRequests } from "../fixtures/generators/list-requests.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import { take } from "../fixtures/generators/timeline.ts"
import { copyData, type DebianCrowdSec } from "./debian-crowdsec.ts"

const lineCount = 20_000

export interface ComparedLog {
  readonly name: "ssh" | "nginx"
  readonly type: "syslog" | "nginx"
  readonly collections: ReadonlyArray<string>
  /** `data`: the folder that {@link copyData} filled. */
  readonly lines: (crowdsec: DebianCrowdSec, data: string) => ReadonlyArray<string>
}

/** The paths that the scenarios spell out themselves. */
const quotedPaths = ({ hub }: DebianCrowdSec): ReadonlyArray<string> =>
  readdirSync(join(hub, "scenarios"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) =>
      [...readFileSync(join(hub, "scenarios", name), "utf8").matchAll(/(["'])\/([^"'\s\\]{3,})\1/g)].map(
        ([, , path]) => path!
      )
    )

const dataLists = (data: string): ReadonlyArray<string> =>
  readdirSync(data)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => listed(readFileSync(join(data, name), "utf8")))

export const comparedLogs: ReadonlyArray<ComparedLog> = [
  {
    name: "ssh",
    type: "syslog",
    collections: ["crowdsecurity/linux", "crowdsecurity/sshd"],
    lines: () => take(sshAttackers({ seed: 7, attackers: 90, administrators: 120 }).lines, lineCount)
  },
  {
    name: "nginx",
    type: "nginx",
    collections: ["crowdsecurity/linux", "crowdsecurity/nginx"],
    lines: (crowdsec, data) => [
      ...take(botnet({ seed: 7, bots: 300, visitors: 800 }).lines, lineCount * 0.7),
      ...listRequests(7, lineCount * 0.3, [...dataLists(data), ...quotedPaths(crowdsec)])
    ]
  }
]

/** What CrowdSec made of a log. */
export interface Recording {
  readonly crowdsec: string
  readonly lines: number
  /** SHA-256 of the log: another log needs another recording. */
  readonly log: string
  /** How often CrowdSec read it. It does not always agree with itself. */
  readonly runs: number
  /** By scenario, by offender: the first alert (events, start, stop), and the least and most alerts that a run gave. */
  readonly alerts: Readonly<Record<string, Readonly<Record<string, RecordedAlerts>>>>
}

export type RecordedAlerts = readonly [events: number, startAt: string, stopAt: string, least: number, most: number]
