/** What a process does as long as it holds its roles: it stands by before, and again when it has lost one. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type AppendError, EventStore } from "../event-store/event-store.ts"
import { fenced, type LeaseLost, takeLease } from "./lease.ts"

export interface DutyOptions {
  /** The roles that it needs, taken in this order. */
  readonly roles: ReadonlyArray<string>
  /** Name of this node, for people. */
  readonly node: string
  readonly leaseMs: number
}

const held = Metric.gauge("testudo_role_held", { description: "1 while this process holds the role" })

/** The metric says that a role is held until the scope closes. */
const hold = (role: string) => {
  const ofRole = Metric.withAttributes(held, { role })
  return Effect.acquireRelease(Metric.update(ofRole, 1), () => Metric.update(ofRole, 0))
}

/** Before a process that lost its place in the log begins anew. */
const breath = "1 second"

/** The store cannot be used now, but will be, or another process was faster: then it begins anew at the log's end. */
const isPassing = (error: unknown): error is AppendError | LeaseLost => {
  const { _tag, code } = error as { readonly _tag?: unknown; readonly code?: unknown }
  return (
    _tag === "WrongExpectedRevision" ||
    code === "TST-STORE-AWAY" ||
    (typeof code === "string" && code.startsWith("TST-LEASE-"))
  )
}

const shown = (error: AppendError | LeaseLost): string =>
  error._tag === "WrongExpectedRevision"
    ? `Another process writes to ${error.stream}: beginning anew behind it. (TST-LEASE-CONFLICT)`
    : `${error.message} (${"code" in error ? error.code : "TST-LEASE-CONFLICT"})`

/** Runs the duty, over a store that takes nothing from it once a role is lost; again and again, until it ends by itself. */
export const whileHeld = <A, E, R>(
  { roles, node, leaseMs }: DutyOptions,
  duty: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, AppendError> | E, Exclude<R, EventStore> | EventStore> => {
  const term = Effect.gen(function* () {
    let store = yield* EventStore
    const losses: Array<Effect.Effect<never, LeaseLost>> = []
    for (const role of roles) {
      const onStandby = (holder: { readonly node: string }) =>
        Console.log(`The role ${role} is held by ${holder.node}. Standing by.`)
      const lease = yield* takeLease({ role, node, milliseconds: leaseMs, onStandby })
      yield* Console.log(`This node (${node}) holds the role ${role}.`)
      yield* hold(role)
      store = fenced(store, lease)
      losses.push(lease.lost)
    }
    return yield* Effect.raceAllFirst([Effect.provideService(duty, EventStore, store), ...losses])
  }).pipe(Effect.scoped)
  const run: ReturnType<typeof whileHeld<A, E, R>> = term.pipe(
    Effect.catch((error) =>
      isPassing(error)
        ? Console.error(shown(error)).pipe(Effect.andThen(Effect.sleep(breath)), Effect.andThen(run))
        : Effect.fail(error as Exclude<E, AppendError>)
    )
  )
  return run
}
