/** The port to the DNS. Its answers become `NameResolved` and `HostResolved` events: a verdict may rest on them. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Resolver } from "node:dns/promises"
import type { ResolvedHost } from "../../domain/events/host-resolved.ts"
import type { ResolvedName } from "../../domain/events/name-resolved.ts"

/** After so long an answer counts as failed. */
const timeoutMs = 3_000
/** Addresses of a host that are taken from an answer: who has more is no single host. */
const mostAddresses = 100

export class Names extends Context.Service<
  Names,
  {
    /** The first host name of an address, with its trailing dot. Never fails: a failure is an answer too. */
    reverse(address: string): Effect.Effect<ResolvedName>
    /** The addresses of a host name, of both families. Never fails either. */
    forward(host: string): Effect.Effect<ResolvedHost>
  }
>()("testudo/Names") {
  /** Asks the machine's name servers, or these. */
  static readonly layerSystem = (servers?: ReadonlyArray<string>) =>
    Layer.sync(Names, () => {
      // It takes no thread of the pool that files are read with, however slow the answers are.
      const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
      if (servers !== undefined) resolver.setServers(servers)
      const asked = (ask: () => Promise<ReadonlyArray<string>>) =>
        Effect.tryPromise(ask).pipe(
          Effect.timeout(timeoutMs),
          Effect.map((found): Answer => ({ found, outcome: found.length === 0 ? "none" : "answered" })),
          Effect.catch((error) => Effect.succeed<Answer>({ found: [], outcome: isAbsence(error) ? "none" : "failed" }))
        )
      return Names.of({
        reverse: (address) =>
          Effect.map(
            asked(() => resolver.reverse(address)),
            ({ found: [name = ""], outcome }) => ({ address, name: name === "" ? "" : withDot(name), outcome })
          ),
        forward: (host) =>
          Effect.map(
            Effect.all([asked(() => resolver.resolve4(host)), asked(() => resolver.resolve6(host))], {
              concurrency: "unbounded"
            }),
            (answers) => {
              const addresses = [...new Set(answers.flatMap(({ found }) => found))].sort().slice(0, mostAddresses)
              const failed = answers.some(({ outcome }) => outcome === "failed")
              return { host, addresses, outcome: addresses.length > 0 ? "answered" : failed ? "failed" : "none" }
            }
          )
      })
    })

  /** Asks nobody: for cold replays, which must not depend on what DNS says today. */
  static readonly layerOff = Layer.succeed(
    Names,
    Names.of({
      reverse: (address) => Effect.succeed({ address, name: "", outcome: "none" }),
      forward: (host) => Effect.succeed({ host, addresses: [], outcome: "none" })
    })
  )
}

interface Answer {
  readonly found: ReadonlyArray<string>
  readonly outcome: ResolvedName["outcome"]
}

const withDot = (name: string): string => (name.endsWith(".") ? name : `${name}.`)

/** Whether the name server said that there is no name, in contrast to not answering. */
const isAbsence = (error: unknown): boolean => {
  const cause = (error as { cause?: { code?: unknown } }).cause
  return cause?.code === "ENOTFOUND" || cause?.code === "ENODATA"
}
