import fc from "fast-check"
import { expect, it } from "vitest"
import type { Decision } from "../../domain/events/decision.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { stamp } from "../../domain/detection/engine.fixture.ts"
import { makeEngine } from "../../domain/detection/engine.ts"
import { batchOf, plainParser, ruleFile, scenarioFile } from "../../domain/detection/recorded.fixture.ts"
import { sealBody } from "../acquisition/body.ts"
import { Judge, type JudgedBefore } from "./judge.ts"
import { compileRules } from "./rulebook.ts"

/** Every decision lasts a minute longer than the one before. */
const { rules, problems } = compileRules(
  [
    plainParser,
    scenarioFile("each", "type: trigger"),
    ruleFile(
      "profiles",
      "profiles.yaml",
      `name: longer
filters: ["Alert.Remediation"]
decisions: [{type: ban, duration: 1h}]
duration_expr: Sprintf('%dm', GetDecisionsCount(Alert.GetValue()) + 10 * GetActiveDecisionsCount(Alert.GetValue()) + 1)
`
    )
  ],
  { names: "off" }
)

const lineAt = (seconds: number, host: number): TestudoEvent => {
  const bytes = Buffer.from(`- 192.0.2.${host} -\n`)
  return batchOf({
    id: `b${seconds}`,
    observedAt: stamp(seconds),
    lines: 1,
    range: { from: 0, to: bytes.length },
    ...sealBody(bytes)
  })
}

const recorded = (event: ProposedEvent): TestudoEvent =>
  ({ ...event, stream: "test", revision: 0, position: 0, recordedAt: 0 }) as TestudoEvent

const manual = (seconds: number, host: number): TestudoEvent =>
  recorded({
    id: `manual-${seconds}`,
    type: "DecisionMade",
    data: { scope: "Ip", value: `192.0.2.${host}`, from: stamp(seconds), until: stamp(seconds + 3_600) },
    metadata: { version: 1 }
  })

const judgeOf = (known: ReadonlyArray<string> = [], judgedBefore?: JudgedBefore): Judge => {
  return new Judge({
    rules,
    known: new Set(known),
    judgedBefore,
    allowlists: [],
    poured: [],
    decisions: [],
    engine: (geo) => makeEngine(rules.ruleset, { geo })
  })
}

const decisionsOf = (events: ReadonlyArray<ProposedEvent>): ReadonlyArray<string> =>
  events.flatMap(({ type, data }) =>
    type === "DecisionMade" ? [`${(data as Decision).value} ${(data as Decision).duration}`] : []
  )

const fold = (judge: Judge, events: ReadonlyArray<TestudoEvent>): ReadonlyArray<ProposedEvent> =>
  events.flatMap((event) => judge.judge(event).verdicts.flatMap((verdict) => verdict.events))

it("judges lines that were recorded by a clock of before 1970: a machine may wake up with one", () => {
  const line = { ...lineAt(0, 1), recordedAt: -60_000 }
  expect(decisionsOf(fold(judgeOf(), [line]))).toEqual(["192.0.2.1 1m"])
  const passed = judgeOf()
  passed.forgetKnown()
  expect(decisionsOf(fold(passed, [line]))).toEqual(["192.0.2.1 1m"])
})

it("profiles know what was decided before, by the rules and by people, and what was taken back", () => {
  expect(problems).toEqual([])
  const judge = judgeOf()
  const first = fold(judge, [lineAt(0, 1), lineAt(1, 1), manual(2, 1), lineAt(3, 1), lineAt(4, 2)])
  expect(decisionsOf(first)).toEqual(["192.0.2.1 1m", "192.0.2.1 12m", "192.0.2.1 34m", "192.0.2.2 1m"])
  const retraction = recorded({
    id: "retraction",
    type: "DecisionRetracted",
    data: { decision: "manual-2", number: 0, reason: "", by: "", at: stamp(5) },
    metadata: { version: 1 }
  })
  // Its own are over by then, the one that was taken back would not be.
  expect(decisionsOf(fold(judge, [retraction, lineAt(3_601, 1)]))).toEqual(["192.0.2.1 5m"])
})

it("what was judged before an erasure gives no verdicts that are not known, up to what the last overflow came of", () => {
  const log = [0, 1, 2, 3].map((second) => ({ ...lineAt(second, 1), position: second }))
  const erased = (judged: JudgedBefore) => decisionsOf(fold(judgeOf([], judged), log))
  expect(erased({ until: 9, cause: "b2" })).toEqual(["192.0.2.1 1m", "192.0.2.1 12m"])
  expect(erased({ until: 2, cause: undefined })).toEqual(["192.0.2.1 1m"])
})

it("the same log gives the same decisions, wherever a fold of it was cut off", () => {
  const step = fc.record({
    host: fc.integer({ min: 1, max: 3 }),
    after: fc.integer({ min: 1, max: 900 }),
    byHand: fc.boolean()
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(), (steps, cut) => {
      let now = 0
      const log = steps.map(({ host, after, byHand }) => {
        now += after
        return byHand ? manual(now, host) : lineAt(now, host)
      })
      const whole = fold(judgeOf(), log)
      // Its own decisions come by in the log too, and what the log holds already is not said again.
      const before = whole.slice(0, cut % (whole.length + 1))
      const known = before.filter(({ type }) => type === "OverflowRaised").map(({ id }) => id)
      const again = log.flatMap((event, index) => [event, ...(index === log.length - 1 ? before.map(recorded) : [])])
      const rest = whole.filter(
        ({ id, metadata }) => !known.includes(id) && !known.includes(metadata.$causationId ?? "")
      )
      expect(decisionsOf(fold(judgeOf(known), again))).toEqual(decisionsOf(rest))
    }),
    { numRuns: 100 }
  )
})
