/**
 * What the engine skips and remembers to be fast changes no verdict: the same logs with every shortcut and without any.
 * The logs: a botnet, ssh attackers, and requests made of the hub's own lists, in mixed case, escaped, and with letters
 * beyond ASCII that fold into it.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import type { RuleFile } from "../domain/rules/rule.ts"
import { compileRuleset, type Ruleset } from "../domain/detection/ruleset.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { listed, listRequests } from "../fixtures/generators/list-requests.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import { detect } from "../fixtures/detect.ts"
import { hubFiles } from "../fixtures/hub-files.ts"
import { loadHub } from "../services/hub/hub.ts"

const shared = new URL("../../shared/", import.meta.url).pathname

/** The same rules, with every shortcut and without any. */
interface Rules {
  readonly fast: Ruleset
  readonly plain: Ruleset
}

const compiled = (files: ReadonlyArray<RuleFile>): Rules => ({
  fast: compileRuleset(files, { names: "off" }).ruleset,
  plain: compileRuleset(files, { names: "off", shortcuts: false }).ruleset
})

const hubRules = async (collections: ReadonlyArray<string>): Promise<Rules> => {
  const hub = { hub: join(shared, "hub"), data: join(shared, "hub-data"), collections }
  const { files } = await Effect.runPromise(loadHub(hub))
  return compiled(files)
}

/** What the data files of a folder name: texts and patterns of paths and agents. */
const listedIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => listed(readFileSync(join(folder, name), "utf8")))

const logs = {
  nginx: () => [...botnet({ seed: 11, bots: 120, visitors: 200 }).lines],
  starterLists: () => [...listRequests(12, 6_000, listedIn(new URL("../hub/data", import.meta.url).pathname))],
  hubLists: () => [...listRequests(12, 6_000, listedIn(join(shared, "hub-data/web")))],
  syslog: () => [...sshAttackers({ seed: 13, minutes: 6 }).lines]
} as const

/** How many overflows there are: few would prove little. */
const same = (rules: Rules, type: string, lines: ReadonlyArray<string>): number => {
  const { offenders: _with, first: _first, ...fast } = detect(rules.fast, type, lines)
  const { offenders: _without, first: _of, ...plain } = detect(rules.plain, type, lines)
  expect(fast).toEqual(plain)
  return fast.overflows.length
}

test.each(["nginx", "starterLists", "syslog"] as const)(
  "the starter rules find the same with every shortcut and without: %s",
  { timeout: 600_000 },
  (log) => {
    expect(same(compiled(hubFiles()), log === "syslog" ? log : "nginx", logs[log]())).toBeGreaterThan(10)
  }
)

test.each([
  ["nginx", ["crowdsecurity/linux", "crowdsecurity/nginx"]],
  ["hubLists", ["crowdsecurity/linux", "crowdsecurity/nginx"]],
  ["syslog", ["crowdsecurity/linux", "crowdsecurity/sshd"]]
] as const)(
  "the hub's collections find the same with every shortcut and without: %s",
  { timeout: 600_000 },
  async (log, collections) => {
    expect(same(await hubRules(collections), log === "syslog" ? log : "nginx", logs[log]())).toBeGreaterThan(10)
  }
)
