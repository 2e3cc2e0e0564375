/** The port to reverse DNS. Its answers become `NameResolved` events: a verdict may rest on them. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Resolver } from "node:dns/promises"
import type { ResolvedName } from "../../domain/events/name-resolved.ts"

/** After so long an answer counts as failed. */
const timeoutMs = 3_000

export class Names extends Context.Service<
  Names,
  {
    /** The first host name of an address, with its trailing dot. Never fails: a failure is an answer too. */
    reverse(address: string): Effect.Effect<ResolvedName>
  }
>()("testudo/Names") {
  /** Asks the machine's resolver. */
  static readonly layerSystem = Layer.sync(Names, () => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
    return Names.of({
      reverse: (address) =>
        Effect.tryPromise(() => resolver.reverse(address)).pipe(
          Effect.timeout(timeoutMs),
          Effect.map(
            ([name]): ResolvedName =>
              name === undefined
                ? { address, name: "", outcome: "none" }
                : { address, name: name.endsWith(".") ? name : `${name}.`, outcome: "answered" }
          ),
          Effect.catch((error) =>
            Effect.succeed<ResolvedName>({ address, name: "", outcome: isAbsence(error) ? "none" : "failed" })
          )
        )
    })
  })

  /** Asks nobody: for cold replays, which must not depend on what DNS says today. */
  static readonly layerOff = Layer.succeed(
    Names,
    Names.of({ reverse: (address) => Effect.succeed({ address, name: "", outcome: "none" }) })
  )
}

/** Whether the name server said that there is no name, in contrast to not answering. */
const isAbsence = (error: unknown): boolean => {
  const cause = (error as { cause?: { code?: unknown } }).cause
  return cause?.code === "ENOTFOUND" || cause?.code === "ENODATA"
}
