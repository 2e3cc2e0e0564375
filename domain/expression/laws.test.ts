/**
 * Laws that hold for expressions of any kind, grown at random from each other: what the checker lets through gives a value of
 * the type that it told, or fails as an expression; it gives the same with every shortcut and without, and the next time;
 * and printed it is the same tree.
 */
import { expect, it } from "vitest"
import { Random } from "../../fixtures/generators/random.ts"
import { KeptFields } from "../text/fields.ts"
import { predicateArity } from "./builtins/predicate.ts"
import { builtins } from "./builtins/catalogue.ts"
import { Duration } from "./duration.ts"
import { bucketEnvironment } from "./environment/bucket.ts"
import { alternatives, type Context } from "./environment.ts"
import { EvaluationError, ExpressionError } from "./error.ts"
import { exampleEvent } from "./example.fixture.ts"
import { compileExpression, emptyContext } from "./expression.ts"
import { Float } from "./float.ts"
import { parse } from "./parse.ts"
import { print } from "./print.ts"
import type { Node } from "./syntax.ts"
import { Time } from "./time.ts"
import type { Type } from "./type.ts"
import { nameOf } from "./type.ts"
import { conforms, isNil } from "./value.ts"

const plain = exampleEvent()

const event = () => ({
  ...plain,
  Meta: new KeptFields("Meta", Object.entries({ a: "ſ", b: "\u212a", c: "", source_ip: "1.2.3.4" })),
  Parsed: new KeptFields("Parsed", Object.entries({ a: "9223372036854775807", b: "-0", c: '{"a":1}', d: "a=1 b=2" })),
  Unmarshaled: new Map<string, unknown>([
    ["s", "text"],
    ["f", new Float(443)],
    ["l", [new Float(1), "x", undefined, true]],
    ["m", new Map([["a", new Map([["b", new Float(-0)]])]])],
    ["nan", new Float(Number.NaN)],
    ["big", new Float(2 ** 53 + 2)]
  ])
})

/** Of the queue whose method it is. */
function select(
  this: { readonly Queue: ReadonlyArray<ReturnType<typeof event>> },
  _: object,
  passes: (e: unknown) => boolean
) {
  return this.Queue.filter(passes)
}

const scope = () => {
  const evt = event()
  const Queue = [event(), evt]
  const second = 1_000_000_000n
  const leaky = {
    ...{ Name: "n", Mapkey: "m", Total_count: 3, Capacity: 2, CacheSize: 0, Reprocess: false, Simulated: false },
    ...{ Uuid: "u", Leakspeed: new Duration(10n * second), Duration: new Duration(30n * second) },
    ...{ First_ts: new Time(0n), Last_ts: new Time(second), Ovflw_ts: new Time(10n * second) }
  }
  return { evt, leaky, queue: { Queue, L: 3, select } }
}

const lines = ["1.2.3.0/24", "ſ", "K", ""]
const context: Context = {
  ...emptyContext,
  now: () => new Time(1_700_000_000_000_000_000n),
  files: { ...emptyContext.files, lines: (file) => (file === "l" ? lines : undefined) }
}

const leaves =
  `nil · true · 0 · 1 · -1 · 9007199254740991 · 1.5 · 1e300 · 'a' · '' · 'ſ' · "\\u212a" · evt · evt.Meta.a · evt.Meta.none
evt.Parsed.a · evt.Parsed.d · evt.Unmarshaled · evt.Unmarshaled.s · evt.Unmarshaled.f · evt.Unmarshaled.l · evt.Unmarshaled.m
evt.Unmarshaled.nan · evt.Unmarshaled.big · evt.Unmarshaled.none · evt.Meta · evt.Line.Labels · evt.Time · leaky.Leakspeed
leaky.Total_count · queue.Queue · evt.Overflow.Alert · evt.Overflow.Sources · evt.Overflow · [] · {} · [1, 2] · ['a', 'b']
[1, 'a', nil] · {a: 1, 'b': nil} · 1..3 · File('l') · duration('1h') · evt.Time.Weekday() · ParseUri('http://x/?a=1')`.split(
    / · |\n/
  )
const operators = `|| && == != < > <= >= in matches contains startsWith endsWith .. + - * / % ** ??`.split(" ")
const members = ["[0]", "[-1]", ".a", "?.a", "?.a.b", "['a']", "[:1]", "[1:]", "[nil]", "?.[0]", ".IP", ".String()"]
const bodies =
  `# · # == 'a' · #.Meta.a · # contains 'a' · #index > 0 · # != nil · len(#) > 0 · #?.a · -# · #acc · [#] · true · let y = #; y
IpInRange('1.2.3.4', #) · #.GetMeta('a') == '' · len(#) > 0 && IpInRange(evt.Meta.source_ip, #) · .Meta.source_ip == '1.2.3.4'`.split(
    / · |\n/
  )
const functions = [...bucketEnvironment.functions.values(), ...builtins.values()]

interface Grown {
  readonly text: string
  readonly type: Type
}

/** What is not of the type that was told; undefined when all is. */
const misfit = (value: unknown, type: Type): string | undefined => {
  if (type.kind === "any" || (isNil(value) && ["nil", "array", "map", "struct"].includes(type.kind))) return undefined
  if (type.kind === "array" && Array.isArray(value))
    return value.map((item) => misfit(item, type.element)).find(Boolean)
  if (type.kind === "map" && value instanceof Map) {
    return [...value.values()].map((entry) => misfit(entry, type.value)).find(Boolean)
  }
  if (type.kind === "int" && (!Number.isSafeInteger(value) || Object.is(value, -0))) return `${value} as int`
  // Objects of an event say nothing of their type themselves.
  if (type.kind === "struct" && typeof value === "object") return undefined
  return conforms(value, type) ? undefined : `${String(value)} as ${nameOf(type)}`
}

const bare = (node: Node): string => JSON.stringify(node, (key, value) => (key === "offset" ? undefined : value))

const isNumber = ({ kind }: Type): boolean => kind === "int" || kind === "float"

/** The value or the failure of an evaluation; any other error is thrown. */
const outcomeOf = (evaluate: (scope: object) => unknown): { readonly value?: unknown; readonly failure?: string } => {
  try {
    return { value: evaluate(scope()) }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    return { failure: error.message }
  }
}

class Garden {
  readonly random: Random
  readonly grown: Array<Grown> = []

  constructor(random: Random) {
    this.random = random
    for (const leaf of leaves) this.plant(leaf)
  }

  plant(text: string): void {
    if (text.length > 160) return
    const compiled = (shortcuts: boolean) =>
      compileExpression(text, { environment: bucketEnvironment, context: { ...context, shortcuts } })
    let fast: ReturnType<typeof compiled>
    try {
      fast = compiled(true)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw new Error(text, { cause: error })
      expect(error.offset, text).toBeLessThanOrEqual(text.length)
      return
    }
    const outcome = outcomeOf(fast.evaluate)
    if (!("failure" in outcome)) expect(misfit(outcome.value, fast.type), text).toBeUndefined()
    expect(outcomeOf(compiled(false).evaluate), text).toEqual(outcome)
    expect(outcomeOf(fast.evaluate), text).toEqual(outcome)
    expect(bare(parse(print(fast.tree))), text).toBe(bare(fast.tree))
    this.grown.push({ text, type: fast.type })
  }

  #any = (): Grown => this.random.pick(this.random.chance(0.5) ? this.grown.slice(0, leaves.length) : this.grown)

  /** One that can stand anywhere. */
  part(fits: (type: Type) => boolean = () => true): string {
    let found = this.#any()
    for (let tries = 0; tries < 12 && !fits(found.type); tries++) found = this.#any()
    return /^[\w.'"()]+$/.test(found.text) ? found.text : `(${found.text})`
  }

  grow(): string {
    const { random } = this
    const part = () => this.part()
    return random.pick([
      () => `${part()} ${random.pick(operators)} ${part()}`,
      () => `${this.part(isNumber)} ${random.pick(["+", "-", "*", "/", "%", "**", "<", ".."])} ${this.part(isNumber)}`,
      () => `get(${this.part(({ kind }) => kind === "array" || kind === "map")}, ${part()})`,
      () => `${random.pick(["not ", "-", "+"])}${part()}`,
      () => `${part()} ? ${part()} : ${part()}`,
      () => `${part()}${random.pick(members)}`,
      () => `${part()}[${part()}]`,
      () => `let v = ${part()}; ${random.pick(["v + v", "[v]", "v ?? 1", "{a: v}.a"])}`,
      () => `[${part()}, ${part()}]`,
      () => this.#call(),
      () => this.#call(),
      () => this.#predicate()
    ])()
  }

  #call(): string {
    const { name, parameters, required, rest } = this.random.pick(functions)
    const count = rest ? this.random.integer(0, 3) : this.random.integer(required, parameters.length)
    const given = Array.from({ length: count }, (_, at) => {
      const wanted = parameters[Math.min(at, parameters.length - 1)]
      return this.part(({ kind }) => wanted === undefined || alternatives(wanted).some((each) => each.kind === kind))
    })
    return `${name}(${given.join(", ")})`
  }

  #predicate(): string {
    const name = this.random.pick([...predicateArity.keys()])
    const list = this.part(({ kind }) => kind === "array")
    const extra = name === "reduce" && this.random.chance(0.5) ? `, ${this.part()}` : ""
    return `${name}(${list}, {${this.random.chance(0.7) ? this.random.pick(bodies) : this.part()}}${extra})`
  }
}

it("hold for what grows", () => {
  const garden = new Garden(new Random(9))
  for (let i = 0; i < 8_000; i++) garden.plant(garden.grow())
  expect(garden.grown.length).toBeGreaterThan(2_500)
})
