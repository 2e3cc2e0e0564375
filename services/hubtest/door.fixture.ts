/** Hub tests about a door at which addresses knock, in a folder of their own beside a hub with its rules. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach } from "vitest"
import type { TestResult, TestRun } from "./run.ts"
import { openSuite, runSuite } from "./suite.ts"

/** The folder of this test: `hub`, `tests`, `data`. */
export let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hubtest-"))
  put("hub/parsers/s01-parse/me/door-logs.yaml", door)
  put("hub/scenarios/me/door-bf.yaml", bruteForce("me/door-bf"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

export const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

export const door = `
name: me/door-logs
filter: "evt.Line.Labels.type == 'door'"
onsuccess: next_stage
grok:
  pattern: '^%{TIMESTAMP_ISO8601:stamp} %{IP:ip} knocks'
  apply_on: Line.Raw
statics:
  - meta: source_ip
    expression: evt.Parsed.ip
  - target: evt.StrTime
    expression: evt.Parsed.stamp
  - target: MarshaledTime
    expression: evt.Parsed.stamp
  - meta: datasource_path
    expression: evt.Line.Src
`
export const bruteForce = (name: string) => `
type: leaky
name: ${name}
description: knocks at the door
filter: "evt.Meta.source_ip != ''"
groupby: evt.Meta.source_ip
capacity: 2
leakspeed: 1m
labels:
  remediation: true
`
export const log = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"]
  .map((address, second) => `2026-01-01T00:00:0${second}Z ${address} knocks\n`)
  .join("")

export const plain = `
parsers: [me/door-logs]
scenarios: [me/door-bf]
postoverflows: [""]
log_file: door.log
log_type: door
ostoverflows: [nobody minds]
ignore_parsers: false
`
export const assertions = {
  "parser.assert": 'len(results) == 2\nlen(results["s01-parse"]["me/door-logs"]) == 4\n',
  "scenario.assert": 'len(results) == 1\n"192.0.2.1" in results[0].Overflow.GetSources()\n'
}

export const testOf = (name: string, config: string, files: Readonly<Record<string, string>> = assertions): void => {
  for (const [file, text] of Object.entries({ "config.yaml": config, "door.log": log, ...files }))
    put(`tests/${name}/${file}`, text)
}

export const now = Date.parse("2026-06-01T00:00:00Z")

export const runAll = async (wanted: ReadonlyArray<string> = [], options: Partial<TestRun> = {}) => {
  const places = { hub: join(root, "hub"), tests: join(root, "tests"), data: join(root, "data") }
  const suite = await openSuite(places, wanted)
  const results: Array<TestResult> = []
  for await (const result of runSuite(suite, { now, ...options })) results.push(result)
  return { suite, results }
}
export const runOne = async (options?: Partial<TestRun>): Promise<TestResult> => (await runAll([], options)).results[0]!
