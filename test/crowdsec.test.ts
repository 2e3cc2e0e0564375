/**
 * Testudo and the real CrowdSec on the same logs, by the same rules: those that Debian packages, with their own pattern
 * library. What CrowdSec made of the logs was recorded with `record-crowdsec.ts`.
 */
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compileRuleset } from "../domain/detection/ruleset.ts"
import { detect } from "../fixtures/detect.ts"
import { loadHub } from "../services/hub/hub.ts"
import { comparedLogs, type Recording, type RecordedAlerts } from "./crowdsec-logs.ts"
import { copyData, debianCrowdSec, howToFetch } from "./debian-crowdsec.ts"

const crowdsec = debianCrowdSec()
if (crowdsec === undefined) console.warn(`not compared: ${howToFetch}`)

/** Later than the logs, whose dates lack the year. */
const observedAt = "2026-12-01T00:00:00.000Z"

describe.skipIf(crowdsec === undefined)(`CrowdSec ${crowdsec?.version} and Testudo`, () => {
  let data: string
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), "testudo-crowdsec-"))
    copyData(crowdsec!, data)
  })
  afterAll(() => rmSync(data, { recursive: true, force: true }))

  it("read the same hub: every rule loads", { timeout: 600_000 }, async () => {
    const { files, problems } = await Effect.runPromise(
      loadHub({ hub: crowdsec!.hub, data, patterns: [crowdsec!.patterns] })
    )
    const { problems: ofRules } = compileRuleset(files, { names: "off" })
    const errors = [...problems, ...ofRules].filter(({ severity }) => severity === "error")
    expect(errors).toEqual([])
    expect(files.length).toBeGreaterThan(200)
  })

  it.each(comparedLogs)("find the same offenders in the $name log", { timeout: 600_000 }, async (log) => {
    const recorded = new URL(`../fixtures/crowdsec/crowdsec-${crowdsec!.version}-${log.name}.json`, import.meta.url)
    const expected = JSON.parse(readFileSync(recorded, "utf8")) as Recording
    const lines = log.lines(crowdsec!, data)
    const text = `${lines.join("\n")}\n`
    expect(createHash("sha256").update(text).digest("hex"), "another log: run test/record-crowdsec.ts").toBe(
      expected.log
    )
    const { files } = await Effect.runPromise(
      loadHub({ hub: crowdsec!.hub, data, patterns: [crowdsec!.patterns], collections: log.collections })
    )
    const { ruleset } = compileRuleset(files, { names: "off" })
    const { overflows } = detect(ruleset, log.type, lines, { observedAt })

    const found: Record<string, Record<string, { readonly first: ReadonlyArray<unknown>; count: number }>> = {}
    for (const { overflow } of overflows) {
      const { scenario, source, eventsCount, startAt, stopAt } = overflow
      found[scenario.name] ??= {}
      const known = found[scenario.name]![`${source.scope}:${source.value}`]
      if (known === undefined)
        found[scenario.name]![`${source.scope}:${source.value}`] = { first: [eventsCount, startAt, stopAt], count: 1 }
      else known.count += 1
    }
    const offenders = (alerts: Readonly<Record<string, object>>) =>
      Object.entries(alerts).map(([scenario, of]) => [scenario, Object.keys(of).sort()])
    expect(Object.fromEntries(offenders(found))).toEqual(Object.fromEntries(offenders(expected.alerts)))
    const different = Object.entries(expected.alerts).flatMap(([scenario, of]) =>
      Object.entries<RecordedAlerts>(of).flatMap(([offender, [events, startAt, stopAt, least, most]]) => {
        const { first, count } = found[scenario]![offender]!
        const same = `${first}` === `${[events, startAt, stopAt]}` && count >= least - 1 && count <= most + 1
        return same ? [] : [{ scenario, offender, first, count, expected: [events, startAt, stopAt, least, most] }]
      })
    )
    expect(different).toEqual([])
  })
})
