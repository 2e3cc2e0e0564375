/**
 * The law of the log, over the life of an installation: whatever happens to nodes, stores, snapshots and clocks, and
 * whatever people do meanwhile (allowlists, rules, decisions of their own, retention, erasure, a move to another
 * store), what the log holds of verdicts is what one undisturbed fold of it gives, what was acknowledged is there once,
 * and the projections show what the log says. `services/engine/one-fold.test.ts` states the first part of the engine
 * alone. `TESTUDO_SEEDS` says how many lives of each kind, `TESTUDO_FIRST_SEED` from which one on.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { AllowlistReplaced } from "../domain/events/allowlist.ts"
import { OffenderErased } from "../domain/events/audit.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { DecisionMade, DecisionNumbered, DecisionRetracted } from "../domain/events/decision.ts"
import { LogBatchAppended } from "../domain/events/log-batch.ts"
import { OverflowRaised } from "../domain/events/overflow.ts"
import { activeAt } from "../projections/active-bans.ts"
import { folded, shown } from "../services/engine/one-fold.fixture.ts"
import { places } from "../services/projections/projections.ts"
import { type Kind, lived, steps } from "./installation.ts"

const seeds = Number(process.env["TESTUDO_SEEDS"] ?? 3)
const first = Number(process.env["TESTUDO_FIRST_SEED"] ?? 0)

const byPosition = (left: TestudoEvent, right: TestudoEvent) => left.position - right.position

const check = (seed: number, kind: Kind) =>
  Effect.gen(function* () {
    const { log, forgotten, parts, states, now, banned, lifted, allowed } = yield* lived(seed, kind)
    const ever = [...log, ...forgotten].sort(byPosition)
    const isErased = ({ stream }: TestudoEvent) => stream.includes(":erased-")
    const overflows = ever.filter(OverflowRaised.is).map(({ id }) => id)
    assert.strictEqual(new Set(overflows).size, overflows.length)
    // What is erased of one takes the time that his lines told from the others.
    if (kind !== "erased") {
      const expected = parts.flatMap((part) => folded(ever, part))
      assert.deepStrictEqual(shown(ever), shown(expected))
    } else {
      // What was judged before is not judged anew without them: of nobody else it is found out later what he did then.
      // Left aside are those about whom the DNS was asked, and buckets with a time: these tell later of a line of before.
      const places = new Map(log.map(({ id, position }) => [id, position]))
      const causes = log.filter(OverflowRaised.is).map(({ position, metadata, data }) => ({
        position,
        cause: places.get(metadata.$causationId ?? "") ?? Number.POSITIVE_INFINITY,
        isLate: /[2-4]$/.test(data.source.value) || !/burst|words|before/.test(data.scenario.name)
      }))
      for (const { position: erasure } of log.filter(OffenderErased.is)) {
        const judged = causes.filter(({ position }) => position < erasure).at(-1)?.cause ?? -1
        for (const { position, cause, isLate } of causes)
          if (position > erasure && !isLate) assert.isAtLeast(cause, judged)
      }
    }

    const decisions = ever.filter(DecisionMade.is)
    const numbers = decisions.map(({ data }) => data.number)
    assert.strictEqual(new Set(numbers).size, numbers.length)
    const given = new Map(
      ever
        .filter(DecisionNumbered.is)
        .flatMap(({ data }) => data.decisions.map((id, index) => [id, data.first + index] as const))
        .reverse()
    )
    for (const { id, data } of decisions) assert.strictEqual(data.number, given.get(id))
    for (const { number, value } of banned) {
      const found = decisions.filter(({ data }) => data.number === number)
      assert.strictEqual(found.length, 1)
      if (!isErased(found[0]!)) assert.strictEqual(found[0]!.data.value, value)
    }
    const retracted = ever.filter(DecisionRetracted.is).map(({ data }) => data.number)
    assert.strictEqual(new Set(retracted).size, retracted.length)
    for (const number of lifted) assert.include(retracted, number)
    const lists = ever.filter(AllowlistReplaced.is).map(({ data }) => data.entries.map(({ value }) => value))
    assert.deepInclude(allowed, lists.at(-1) ?? [])

    const ends = new Map<string, number>()
    for (const { data } of ever.filter(LogBatchAppended.is)) {
      assert.strictEqual(data.range.from, ends.get(data.source) ?? 0)
      ends.set(data.source, data.range.to)
    }

    const fresh = places()
    for (const event of log) for (const each of Object.values(fresh)) each.fold(event)
    const active = (of: typeof states) =>
      activeAt(of.activeBans.state(), now)
        .map(({ id }) => id)
        .sort()
    assert.deepStrictEqual(active(states), active(fresh))
    if (kind === "forgetful") return
    for (const name of Object.keys(fresh) as ReadonlyArray<keyof typeof fresh>)
      assert.deepStrictEqual(states[name].snapshot().state, fresh[name].snapshot().state)
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])))

describe.each(["moved", "forgetful", "erased", "shared"] as const)("the life of an installation, %s", (kind) => {
  for (let seed = first; seed < first + seeds; seed++)
    it.effect(`through ${steps} steps (${seed})`, () => check(seed, kind))
})
