/**
 * Records what the real CrowdSec makes of the logs of `crowdsec-logs.ts` into `fixtures/crowdsec/`:
 *
 *     .ci/fetch-crowdsec && node_modules/node/bin/node test/record-crowdsec.ts
 *
 * CrowdSec 1.4 pours into its buckets from several threads. Between an overflow and the end of its bucket another event
 * may still get into it, so that what follows for the same offender moves by an event, and two runs differ in their
 * later alerts. The first alert of an offender does not: it is recorded exactly, and said so when it isn't the same in all
 * runs. For the number of alerts the least and the most of several runs are kept.
 */
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type ComparedLog, comparedLogs, type Recording, type RecordedAlerts } from "./crowdsec-logs.ts"
import {
  copyData,
  type DebianCrowdSec,
  debianCrowdSec,
  howToFetch,
  installCrowdSec,
  judged,
  type RecordedAlert
} from "./debian-crowdsec.ts"

const runs = 3
const fixtures = fileURLToPath(new URL("../fixtures/crowdsec/", import.meta.url))

const run = async (
  crowdsec: DebianCrowdSec,
  log: ComparedLog,
  file: string,
  folder: string
): Promise<ReadonlyArray<RecordedAlert>> =>
  judged(await installCrowdSec(crowdsec, folder, log.collections), file, log.type)

const byOrder = (one: RecordedAlert, other: RecordedAlert): number =>
  one.stopAt < other.stopAt ? -1 : one.stopAt > other.stopAt ? 1 : one.events - other.events

const summary = (all: ReadonlyArray<ReadonlyArray<RecordedAlert>>): Recording["alerts"] => {
  const result: Record<string, Record<string, RecordedAlerts>> = {}
  const keys = new Set(all.flat().map(({ scenario, scope, value }) => JSON.stringify([scenario, `${scope}:${value}`])))
  for (const key of [...keys].sort()) {
    const [scenario, offender] = JSON.parse(key) as [string, string]
    const of = all.map((alerts) =>
      alerts
        .filter((alert) => alert.scenario === scenario && `${alert.scope}:${alert.value}` === offender)
        .sort(byOrder)
    )
    const firsts = of.map(([first]) => first && [first.events, first.startAt, first.stopAt])
    if (new Set(firsts.map((first) => JSON.stringify(first))).size > 1)
      console.error(`${scenario} ${offender}: the runs differ in the first alert: ${JSON.stringify(firsts)}`)
    const [first] = of.flat().sort(byOrder)
    const counts = of.map(({ length }) => length)
    const { events, startAt, stopAt } = first!
    result[scenario] ??= {}
    result[scenario][offender] = [events, startAt, stopAt, Math.min(...counts), Math.max(...counts)]
  }
  return result
}

const crowdsec = debianCrowdSec()
if (crowdsec === undefined) throw new Error(howToFetch)
mkdirSync(fixtures, { recursive: true })
for (const log of comparedLogs) {
  const folder = mkdtempSync(join(tmpdir(), "testudo-record-"))
  try {
    const data = join(folder, "data")
    copyData(crowdsec, data)
    const lines = log.lines(crowdsec, data)
    const text = `${lines.join("\n")}\n`
    const file = join(folder, "compared.log")
    writeFileSync(file, text)
    const all: Array<ReadonlyArray<RecordedAlert>> = []
    for (let number = 1; number <= runs; number++) {
      all.push(await run(crowdsec, log, file, join(folder, `run-${number}`)))
      console.error(`${log.name}: run ${number} of ${runs}, ${all.at(-1)!.length} alerts`)
    }
    const recording: Recording = {
      crowdsec: crowdsec.version,
      lines: lines.length,
      log: createHash("sha256").update(text).digest("hex"),
      runs,
      alerts: summary(all)
    }
    const name = `crowdsec-${crowdsec.version}-${log.name}.json`
    // One offender a line.
    const json = JSON.stringify(recording, null, 1).replaceAll(
      /\[\n\s+([^\]]*?)\n\s+\]/g,
      (_, items: string) => `[${items.replaceAll(/\s*\n\s*/g, " ")}]`
    )
    writeFileSync(join(fixtures, name), `${json}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
