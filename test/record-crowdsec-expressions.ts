/**
 * Records on which lines the real CrowdSec finds the expressions of `compared-expressions.ts` true, into
 * `fixtures/crowdsec/`:
 *
 *     .ci/fetch-crowdsec && node_modules/node/bin/node test/record-crowdsec-expressions.ts
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Random } from "../fixtures/generators/random.ts"
import {
  addressOf,
  comparedExpressions,
  comparedLines,
  comparedRules,
  comparedType,
  type RecordedExpressions
} from "./compared-expressions.ts"
import { activePath, debianCrowdSec, howToFetch, installCrowdSec, judged } from "./debian-crowdsec.ts"

const seed = 7
const runs = 4
/** CrowdSec does not start with the names of many more scenarios. */
const perRun = 200
const lineCount = 24

const crowdsec = debianCrowdSec()
if (crowdsec === undefined) throw new Error(howToFetch)
const { version } = crowdsec
const lines = comparedLines(new Random(seed).of(0), lineCount)

const truthsOf = async (expressions: ReadonlyArray<string>, folder: string): Promise<ReadonlyArray<string>> => {
  const installation = await installCrowdSec(crowdsec, folder, [])
  for (const { kind, path, content } of comparedRules(expressions)) {
    const place = join(folder, kind === "data" ? join("data", path) : join("config", activePath(path)))
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, content)
  }
  const log = join(folder, "compared.log")
  writeFileSync(log, `${lines.join("\n")}\n`)
  const found = new Set(judged(installation, log, comparedType).map(({ scenario, value }) => `${scenario} ${value}`))
  return expressions.map((_, number) =>
    lines.map((_, line) => (found.has(`compared/${number} ${addressOf(line)}`) ? "1" : "0")).join("")
  )
}

const recorded: Array<readonly [string, string]> = []
for (let run = 1; run <= runs; run++) {
  const folder = mkdtempSync(join(tmpdir(), "testudo-record-"))
  try {
    const expressions = comparedExpressions(new Random(seed).of(run), perRun)
    const truths = await truthsOf(expressions, folder)
    recorded.push(...expressions.map((expression, number) => [expression, truths[number]!] as const))
    console.error(`run ${run} of ${runs}: ${expressions.length} expressions`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const recording: RecordedExpressions = { crowdsec: version, lines, expressions: recorded }
const file = new URL(`../fixtures/crowdsec/crowdsec-${version}-expressions.json`, import.meta.url)
// One expression a line.
const rows = recording.expressions.map((row) => `  ${JSON.stringify(row)}`).join(",\n")
const head = JSON.stringify({ crowdsec: version, lines }, null, 1).slice(0, -2)
writeFileSync(file, `${head},\n "expressions": [\n${rows}\n ]\n}\n`)
