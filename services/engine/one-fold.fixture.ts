/** What tests of the engine's law have in common: rules that remember much, a store in trouble, and one undisturbed fold. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeEngine } from "../../domain/detection/engine.ts"
import { plainParser, ruleFile, scenarioFile, wordStash } from "../../domain/detection/recorded.fixture.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Decision, DecisionMade } from "../../domain/events/decision.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { RulesetActivated } from "../../domain/events/ruleset.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { type EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { Names } from "../names/names.ts"
import { Judge } from "./judge.ts"
import { concerns, type Part, whole } from "./part.ts"
import { compileRules } from "./rulebook.ts"

type Store = typeof EventStore.Service

const named = ruleFile(
  "postoverflows",
  "postoverflows/s00-enrich/test/rdns.yaml",
  `
name: test/rdns
filter: "evt.Overflow.Alert.Source.IP endsWith '2' || evt.Overflow.Alert.Source.IP endsWith '3'"
statics:
  - {method: reverse_dns, expression: evt.Overflow.Alert.Source.IP}
---
name: test/good
whitelist: {reason: good, expression: ["evt.Enriched.reverse_dns endsWith '.good.'"]}
---
name: test/own
filter: "evt.Overflow.Alert.Source.IP endsWith '3' || evt.Overflow.Alert.Source.IP endsWith '4'"
whitelist: {reason: own, expression: ["evt.Overflow.Alert.Source.IP in LookupHost('home.example.org')"]}
`
)
const longer = ruleFile(
  "profiles",
  "profiles.yaml",
  `name: longer
filters: ["Alert.Remediation"]
decisions: [{type: ban, duration: 1h}]
duration_expr: Sprintf('%dm', GetDecisionsCount(Alert.GetValue()) + 1)
`
)
const extra = ruleFile(
  "parsers",
  "parsers/s00-raw/test/x.yaml",
  "name: test/x\nstatics:\n  - {meta: extra, value: x}\n"
)
const burst = scenarioFile("burst", "type: leaky\ncapacity: 2\nleakspeed: 10s\nreprocess: true")
const words = scenarioFile("words", "type: leaky\ncapacity: 1\nleakspeed: 20s\nblackhole: 30s\ndistinct: evt.Meta.word")
const before = scenarioFile(
  "before",
  "type: conditional\ncapacity: -1\nleakspeed: 40s\ncondition: any(queue.Queue, {.Meta.previous contains 'a'}) && len(queue.Queue) > 2"
)
const counted = scenarioFile("counted", "type: counter\nduration: 15s\noverflow_filter: leaky.Total_count >= 2")
const meta = ruleFile(
  "scenarios",
  "scenarios/test/meta.yaml",
  `type: counter
name: test/meta
description: test
filter: "evt.GetType() == 'overflow'"
duration: 25s
labels: {remediation: true}
---
type: leaky
name: test/several
description: test
filter: "evt.GetType() == 'overflow'"
distinct: evt.Overflow.Alert.Source.IP
capacity: 1
leakspeed: 1m
labels: {remediation: true}
`
)

/** They share some of their items. */
export const rulesets: ReadonlyArray<ReadonlyArray<RuleFile>> = [
  [plainParser, wordStash, named, longer, burst, words, before, counted, meta],
  [plainParser, wordStash, named, longer, words, before, meta],
  [plainParser, wordStash, extra, named, longer, burst, words, before, counted, meta],
  [plainParser, wordStash, longer, burst, words, counted, meta]
]

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export const random = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The time of tests stands still while files are written; this is real. */
export const breathe = (milliseconds = 0) =>
  Effect.promise(() => new Promise<void>((done) => setTimeout(done, milliseconds)))

/** Every third append fails before, after, or in the middle of what it writes; others are slow. What is followed breaks off. */
export const troubled = (store: Store, next: () => number) => {
  const state = { isTroubled: true }
  const away = Effect.fail(new StoreUnavailable({ code: "TST-STORE-AWAY", message: "away" }))
  const lot = () => (state.isTroubled ? next() : 1)
  const over: Store = {
    ...store,
    subscribe: (from) =>
      Stream.mapArrayEffect(store.subscribe(from), (page) => (lot() < 0.03 ? away : Effect.succeed(page))),
    append: (...append) =>
      Effect.suspend(() => {
        const drawn = lot()
        if (drawn < 0.1) return away
        if (drawn < 0.2) return Effect.andThen(store.append(...append), away)
        return drawn < 0.4 ? Effect.andThen(breathe(), store.append(...append)) : store.append(...append)
      }),
    appendGroup: (group) =>
      Effect.suspend(() => {
        const drawn = lot()
        if (drawn < 0.1) return away
        if (drawn < 0.3) {
          const written = group.slice(0, Math.floor(next() * (group.length + 1)))
          return Effect.andThen(store.appendGroup(written), away)
        }
        return drawn < 0.5 ? Effect.andThen(breathe(), store.appendGroup(group)) : store.appendGroup(group)
      })
  }
  return { state, over }
}

/** What a fold of the engine reads: the rest is what it writes. */
const inputs: ReadonlySet<string> = new Set([
  "LogBatchAppended",
  "NameResolved",
  "HostResolved",
  "TimePassed",
  "RulesetActivated",
  "AllowlistReplaced",
  "OverflowRaised",
  "DecisionMade",
  "DecisionRetracted"
])

/** What one fold gives that does the part's share of the detection, as far as an overflow or a decision says it of itself. */
export const folded = (log: ReadonlyArray<TestudoEvent>, part: Part = whole): ReadonlyArray<ProposedEvent> => {
  const known = new Map(
    [[], ...rulesets].map((files) => {
      const { rules } = compileRules(files, { names: "asked" })
      return [rules.hash, rules] as const
    })
  )
  const [rules] = known.values()
  const metaBuckets = part.role === "agent" ? "elsewhere" : "here"
  const engine = (geo: Parameters<ConstructorParameters<typeof Judge>[0]["engine"]>[0]) =>
    makeEngine(rules!.ruleset, { geo, metaBuckets })
  const judge = new Judge({ rules: rules!, known: new Set(), allowlists: [], poured: [], decisions: [], engine })
  return log
    .filter((event) => inputs.has(event.type) && concerns(part, event))
    .flatMap((event) => {
      if (RulesetActivated.is(event)) judge.use(known.get(event.data.hash)!)
      return judge.judge(event).verdicts.flatMap(({ events }) => events)
    })
}

/** Verdicts, without what depends on the order in which decisions were numbered. */
export const shown = (events: ReadonlyArray<Pick<ProposedEvent, "id" | "type" | "data">>): ReadonlyArray<string> =>
  events
    .filter(({ type, data }) => type === OverflowRaised.type || (type === DecisionMade.type && isOfAnOverflow(data)))
    .map(({ id, data }) => {
      const { number: _, ...rest } = data as Partial<Decision>
      return JSON.stringify([id, rest])
    })
    .sort()

const isOfAnOverflow = (data: unknown): boolean => (data as Decision).overflow !== null

/** Lines of a source from where its stream ends; those of a source called `late` come half a minute late. */
export const someBatches = (source: string, from: number, next: () => number) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const upTo = (most: number) => Math.floor(next() * most)
    const reader = { source, path: source, labels: { type: "test" }, zone: "UTC" }
    const file = { device: 1, inode: 1, head: Buffer.from(source) }
    let at = from
    return Array.from({ length: 1 + upTo(3) }, () => {
      const lines = Array.from({ length: 1 + upTo(6) }, () => {
        const time = now - (source.endsWith("late") ? 30_000 : 0) - upTo(12_000)
        const stamp = next() < 0.3 ? "-" : new Date(time).toISOString()
        return `${stamp} 192.0.2.${1 + upTo(4)} ${"abcd"[upTo(4)]}\n`
      })
      const bytes = Buffer.from(lines.join(""))
      const piece = { from: at, to: at + bytes.length, bytes, lines: lines.length }
      at = piece.to
      return batchOf(reader, file, { ...piece, startsInsideLine: false, endsInsideLine: false }, "observed", now)
    })
  })

/** Some addresses have a name, good or bad, and a host has an address, which is known only after a while. */
export const slowNames = (next: () => number) =>
  Names.of({
    reverse: (address) =>
      Effect.map(Effect.sleep(Math.floor(next() * 20_000)), () =>
        address.endsWith("2")
          ? { address, name: next() < 0.5 ? "a.good." : "a.bad.", outcome: "answered" }
          : { address, name: "", outcome: "none" }
      ),
    forward: (host) =>
      Effect.map(Effect.sleep(Math.floor(next() * 20_000)), () => ({
        host,
        addresses: next() < 0.5 ? ["192.0.2.3"] : ["192.0.2.4"],
        outcome: "answered"
      }))
  })
