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
import { botnet, monday } from "../fixtures/generators/botnet.ts"
import { Random } from "../fixtures/generators/random.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import { detect, hubFiles } from "../fixtures/rig.ts"
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

/** The lines of a folder of data files: texts and patterns of paths and agents. */
const listed = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((text) => text !== "" && !text.startsWith("#") && text.length < 200)
    .map((text) => text.replace(/["\s\\]/g, ""))

const folded = new Map([
  ["s", "\u017f"],
  ["S", "\u017f"],
  ["k", "\u212a"],
  ["K", "\u212a"],
  ["e", "é"]
])

/** Requests of what the lists name, each in one of many guises. */
function* listRequests(seed: number, count: number, texts: ReadonlyArray<string>): Generator<string> {
  const random = new Random(seed)
  const guises: ReadonlyArray<(text: string) => string> = [
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => text.toLowerCase(),
    (text) => Array.from(text, (each) => (random.next() < 0.5 ? each.toUpperCase() : each)).join(""),
    (text) => Array.from(text, (each) => (random.next() < 0.3 ? (folded.get(each) ?? each) : each)).join(""),
    (text) =>
      Array.from(text, (each) => (random.next() < 0.3 ? `%${each.codePointAt(0)!.toString(16)}` : each)).join("")
  ]
  for (let number = 0; number < count; number++) {
    const text = random.pick(guises)(random.pick(texts))
    const path = random.pick([`/${text}`, `/a/${text}`, `/?q=${text}`, `/x.php?author=${text}`])
    const agent = random.next() < 0.3 ? random.pick(guises)(random.pick(texts)) : "Mozilla/5.0"
    const status = random.pick(["200", "301", "302", "400", "401", "403", "404", "405"])
    const verb = random.pick(["GET", "GET", "POST", "HEAD", "CONNECT"])
    const at = new Date(monday + number * 250).toISOString()
    const time = `02/Mar/2026:${at.slice(11, 19)} +0000`
    yield `203.0.113.${random.integer(1, 40)} - - [${time}] "${verb} ${path} HTTP/1.1" ${status} 12 "-" "${agent}"`
  }
}

const logs = {
  nginx: () => [...botnet({ seed: 11, bots: 120, visitors: 200 }).lines],
  starterLists: () => [...listRequests(12, 6_000, listed(new URL("../hub/data", import.meta.url).pathname))],
  hubLists: () => [...listRequests(12, 6_000, listed(join(shared, "hub-data/web")))],
  syslog: () => [...sshAttackers({ seed: 13, minutes: 6 }).lines]
} as const

/** How many overflows there are: few would prove little. */
const same = (rules: Rules, type: string, lines: ReadonlyArray<string>): number => {
  const { offenders: _with, first: _first, ...fast } = detect(rules.fast, type, lines)
  const { offenders: _without, first: _of, ...plain } = detect(rules.plain, type, lines)
  expect(fast).toEqual(plain)
  return fast.overflows.length
}

test.each(["nginx", "starterLists", "syslog"] as const)("starter rules, %s", { timeout: 60_000 }, (log) => {
  expect(same(compiled(hubFiles()), log === "syslog" ? log : "nginx", logs[log]())).toBeGreaterThan(10)
})

test.each([
  ["nginx", ["crowdsecurity/linux", "crowdsecurity/nginx"]],
  ["hubLists", ["crowdsecurity/linux", "crowdsecurity/nginx"]],
  ["syslog", ["crowdsecurity/linux", "crowdsecurity/sshd"]]
] as const)("the hub's collections, %s", { timeout: 60_000 }, async (log, collections) => {
  expect(same(await hubRules(collections), log === "syslog" ? log : "nginx", logs[log]())).toBeGreaterThan(10)
})
