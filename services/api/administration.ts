/**
 * What an administrator does to the log: decisions and bouncers, added and taken away. The admin socket of a running
 * node and the command line without one use the same service.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { randomUUID } from "node:crypto"
import { manualDecision } from "../../domain/decision/decide.ts"
import { canonicalValue } from "../../domain/decision/scope.ts"
import { BouncerDeleted, BouncerRegistered } from "../../domain/events/bouncer.ts"
import { type Decision, DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { bouncerStream, offenderStream } from "../../domain/events/stream-name.ts"
import { holdsAt, type StandingDecision } from "../../projections/standing-decision.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { endOf, expectedBehind } from "../event-store/at-end.ts"
import {
  type AppendRefused,
  considerateAppendEvents,
  EventStore,
  type StoreUnavailable,
  type WrongExpectedRevision
} from "../event-store/event-store.ts"
import { type ProjectionParked, Projections } from "../projections/projections.ts"
import { keyHash, newKey } from "./bouncer-key.ts"

/** It cannot be done as asked. The message is for people and says what to do. */
export class AdministrationRefused extends Data.TaggedError("AdministrationRefused")<{
  /** Stable code, such as `TST-DECISION-VALUE` or `TST-ADMIN-BOUNCER-EXISTS`. */
  readonly code: string
  readonly message: string
}> {}

export type AdministrationError =
  | AdministrationRefused
  | AppendRefused
  | WrongExpectedRevision
  | StoreUnavailable
  | ProjectionParked

export interface AddDecision {
  readonly value: string
  /** Default: `Range` for a value with a slash, else `Ip`. */
  readonly scope?: string
  /** Default `ban`. */
  readonly type?: string
  /** Go duration text, days allowed. Default `4h`. */
  readonly duration?: string
  readonly reason?: string
}

/** Which active decisions end: exactly one of the three. */
export interface DeleteDecisions {
  readonly value?: string
  readonly id?: number
  readonly all?: true
}

export interface DeletedDecisions {
  readonly deleted: number
  /** Values of active decisions that still cover the value: ranges around it. */
  readonly stillCoveredBy: ReadonlyArray<string>
}

export class Administration extends Context.Service<
  Administration,
  {
    /** Refused when an allowlist covers the value. When it answers, the decision is in force. */
    readonly addDecision: (request: AddDecision) => Effect.Effect<Decision, AdministrationError>
    /** When it answers, the decisions are no longer in force. Deleting nothing is no error. */
    readonly deleteDecisions: (request: DeleteDecisions) => Effect.Effect<DeletedDecisions, AdministrationError>
    /** Makes a key when none is given. It is shown this once: the log keeps only its hash. */
    readonly addBouncer: (request: {
      readonly name: string
      readonly key?: string
    }) => Effect.Effect<{ readonly name: string; readonly key: string }, AdministrationError>
    readonly deleteBouncer: (name: string) => Effect.Effect<void, AdministrationError>
  }
>()("testudo/Administration") {
  /** `by`: who does it, for the log. */
  static readonly layer = (options: { readonly by?: string } = {}) =>
    Layer.effect(Administration, make(options.by ?? "command line"))
}

const refuse = (code: string, message: string) => Effect.fail(new AdministrationRefused({ code, message }))

/** Retractions that are appended together. */
const chunk = considerateAppendEvents
/** How often an append is tried when somebody else writes to the same stream. */
const tries = 8

const make = Effect.fnUntraced(function* (by: string) {
  const store = yield* EventStore
  const projections = yield* Projections
  const numbers = yield* DecisionNumbers

  /** Where streams end, as the store told whoever expected another end. */
  const told = new Map<string, number>()
  const expectedOf = (stream: string) => Effect.map(endOf(store, stream, told.get(stream)), expectedBehind)

  /** The states with everything in them that is in the log now. */
  const current = Effect.gen(function* () {
    yield* projections.settled(yield* store.head, "activeBans", "bouncers")
    return projections.states()
  })

  /** Appends to streams as they end now, and waits until the projections show it. */
  const append = Effect.fnUntraced(function* (
    parts: ReadonlyArray<{ readonly stream: string; readonly events: ReadonlyArray<ProposedEvent> }>
  ) {
    const group = yield* Effect.forEach(parts, (part) =>
      expectedOf(part.stream).pipe(Effect.map((expected) => ({ ...part, expected })))
    )
    const written = yield* store.appendGroup(group).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (error._tag === "WrongExpectedRevision") told.set(error.stream, error.actual)
        })
      )
    )
    told.clear()
    const last = written.at(-1)
    if (last !== undefined) yield* projections.settled(last.position, "activeBans", "bouncers")
  })

  /** Decides again on what the log holds then, when somebody else wrote to the same stream in between. */
  const retrying = <A>(effect: Effect.Effect<A, AdministrationError>) =>
    effect.pipe(Effect.retry({ while: (error) => error._tag === "WrongExpectedRevision", times: tries }))

  const addDecision = Effect.fnUntraced(function* (request: AddDecision) {
    const { value, scope, type = "ban", duration = "4h", reason = "" } = request
    const at = yield* Clock.currentTimeMillis
    const made = manualDecision({ value, ...(scope === undefined ? {} : { scope }), type, duration, reason, by, at })
    if ("message" in made) return yield* refuse(made.code, made.message)
    const { activeBans } = yield* current
    const exemption = activeBans.allowlists.exemption(made.scope, made.value)
    if (exemption !== undefined) {
      const { allowlist, entry } = exemption
      return yield* refuse(
        "TST-ADMIN-ALLOWLISTED",
        `${made.value} is never banned: the allowlist ${allowlist} holds ${entry.value}` +
          `${entry.comment === "" ? "" : ` (${entry.comment})`}. Take it off the list first.`
      )
    }
    const id = randomUUID()
    const [number] = yield* numbers.numbersOf([id])
    const decision: Decision = { number: number!, ...made }
    const event = DecisionMade.propose(id, decision)
    yield* append([{ stream: offenderStream(decision.scope, decision.value), events: [event] }]).pipe(retrying)
    return decision
  })

  /** Ends those of the decisions that are not ended yet. Ids follow from the decisions', so a repetition shows. */
  const retract = Effect.fnUntraced(function* (ids: ReadonlyArray<string>, at: number) {
    const { decisions } = (yield* current).activeBans
    const byStream = new Map<string, Array<ProposedEvent>>()
    for (const id of ids) {
      const decision = decisions.get(id)
      if (decision === undefined || decision.retracted !== null) continue
      const { number, stream } = decision
      const retraction = { decision: id, number, reason: "", by, at: new Date(at).toISOString() }
      const event = DecisionRetracted.propose(derivedId("retraction", id), retraction, {
        causation: id,
        correlation: id
      })
      const events = byStream.get(stream)
      if (events === undefined) byStream.set(stream, [event])
      else events.push(event)
    }
    yield* append([...byStream].map(([stream, events]) => ({ stream, events })))
  })

  const deleteDecisions = Effect.fnUntraced(function* (request: DeleteDecisions) {
    const { value, id, all } = request
    if ([value, id, all].filter((given) => given !== undefined).length !== 1)
      return yield* refuse("TST-ADMIN-DELETE", "Say which decisions to delete: a value, an id, or all.")
    const { activeBans } = yield* current
    const at = yield* Clock.currentTimeMillis
    const wanted = value === undefined ? undefined : canonicalTexts(value)
    const isMeant = (decision: StandingDecision): boolean =>
      all === true || decision.number === id || wanted?.has(decision.value) === true
    const active = [...activeBans.decisions.all()].filter((decision) => holdsAt(decision, at))
    const ending = active.filter(isMeant).map((decision) => decision.id)
    for (let from = 0; from < ending.length; from += chunk)
      yield* retract(ending.slice(from, from + chunk), at).pipe(retrying)
    const around = value === undefined ? [] : projections.states().activeBans.decisions.covering(value)
    const covering = around.filter((decision) => holdsAt(decision, at) && !decision.simulated)
    return { deleted: ending.length, stillCoveredBy: [...new Set(covering.map((decision) => decision.value))] }
  })

  const addBouncer = Effect.fnUntraced(function* (request: { readonly name: string; readonly key?: string }) {
    const { name, key = newKey() } = request
    if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name))
      return yield* refuse(
        "TST-ADMIN-BOUNCER-NAME",
        `${JSON.stringify(name.slice(0, 80))} is not a name: use 1 to 64 letters, digits and . _ @ -, a letter or digit first.`
      )
    if (!/^[\x21-\x7e]{16,512}$/.test(key))
      return yield* refuse(
        "TST-ADMIN-BOUNCER-KEY",
        "A key has 16 to 512 printable ASCII characters without spaces. Leave it out to get a random one."
      )
    const { bouncers } = yield* current
    if (bouncers.byName.has(name))
      return yield* refuse(
        "TST-ADMIN-BOUNCER-EXISTS",
        `There is a bouncer ${name} already. Choose another name, or delete it first to give it a new key.`
      )
    const event = BouncerRegistered.propose(randomUUID(), { name, keyHash: keyHash(key) })
    yield* append([{ stream: bouncerStream(name), events: [event] }])
    return { name, key }
  })

  const deleteBouncer = Effect.fnUntraced(function* (name: string) {
    const { bouncers } = yield* current
    if (!bouncers.byName.has(name))
      return yield* refuse(
        "TST-ADMIN-BOUNCER-UNKNOWN",
        `There is no bouncer ${JSON.stringify(name.slice(0, 80))}. List them to see their names.`
      )
    yield* append([{ stream: bouncerStream(name), events: [BouncerDeleted.propose(randomUUID(), { name })] }])
  })

  // One after the other: what one reads must not change before it writes.
  const turn = yield* Semaphore.make(1)
  const inTurn = turn.withPermits(1)
  return Administration.of({
    addDecision: (request) => inTurn(addDecision(request)),
    deleteDecisions: (request) => inTurn(deleteDecisions(request)),
    addBouncer: (request) => inTurn(addBouncer(request)),
    deleteBouncer: (name) => inTurn(deleteBouncer(name))
  })
})

/** The texts that a value may be stored under, whatever the scope it was written for. */
const canonicalTexts = (value: string): ReadonlySet<string> => {
  const texts = new Set([value.trim()])
  for (const scope of ["Ip", "Range"]) {
    const canonical = canonicalValue(scope, value)
    if ("value" in canonical) texts.add(canonical.value)
  }
  return texts
}
