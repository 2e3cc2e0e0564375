/**
 * The official client of EventStoreDB, replaceable: some failures leave a client that never works again.
 *
 * It is two clients. Appends, deletions and subscriptions go over grpc-js, reads over a native add-on with a connection
 * of its own, which hides what went wrong behind one `UnavailableError`. The package takes a fifth of a second to load,
 * so it is loaded when it is needed.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import { storeFailure } from "../failure.ts"
import { reasonAway } from "./reachable.ts"

type Package = typeof import("@kurrent/kurrentdb-client")

/** The client's package, as far as the adapter uses it. */
export interface Driver {
  readonly client: KurrentDBClient
  readonly package: Package
}

export interface ConnectionOptions {
  /** What the client takes, with the password in it. Never shown. */
  readonly connectionString: string
  /** The same for people, without the password. */
  readonly shown: string
  /** After so many milliseconds without an answer a call is given up: the client itself waits for ever. */
  readonly callTimeout: number
}

/** How long the end waits for a client to let go of its streams, in milliseconds. */
const disposeTimeout = 2_000

const dispose = (client: KurrentDBClient): Promise<unknown> =>
  Promise.race([client.dispose().catch(() => {}), sleep(disposeTimeout, undefined, { ref: false })])

export class Connection {
  readonly shown: string
  readonly callTimeout: number
  readonly #connectionString: string
  #driver: Promise<Driver> | undefined

  constructor({ connectionString, shown, callTimeout }: ConnectionOptions) {
    this.shown = shown
    this.callTimeout = callTimeout
    this.#connectionString = connectionString
  }

  /** The client that is in use. Rejects with `TST-STORE-CONNECTION` when there cannot be one, such as without its certificate. */
  driver(): Promise<Driver> {
    this.#driver ??= import("@kurrent/kurrentdb-client").then((loaded) => {
      try {
        return { client: loaded.KurrentDBClient.connectionString(this.#connectionString), package: loaded }
      } catch (error) {
        // Other messages may hold the connection string.
        const known = error instanceof Error && /^(?:Failed to load|userCertFile|Invalid)/.test(error.message)
        const why = known ? `: ${(error as Error).message.replace(/\.$/, "")}` : ""
        throw storeFailure(
          "TST-STORE-CONNECTION",
          `The client of EventStoreDB does not accept the location ${this.shown}${why}. Check the options behind the question mark.`
        )
      }
    })
    return this.#driver
  }

  /** The next call gets a new client. Whatever this one still has to do fails. */
  async replace({ client }: Driver): Promise<void> {
    const current = await this.#driver?.catch(() => undefined)
    if (current?.client !== client) return // somebody else was faster
    this.#driver = undefined
    await dispose(client)
  }

  /** The error, with a reason when the client gave none. */
  async explained(error: unknown): Promise<unknown> {
    if (!isSilent(error)) return error
    const reason = await reasonAway(this.#connectionString)
    return reason === undefined ? error : new Error(reason, { cause: error })
  }

  async close(): Promise<void> {
    const driver = await this.#driver?.catch(() => undefined)
    if (driver !== undefined) await dispose(driver.client)
  }
}

/** The native half of the client says no more of any failure; and that, of a server that it never reached. */
const saysNothing = new Set(["", "UnavailableError", "The operation is unsupported by the server"])

const isSilent = (error: unknown): boolean => error instanceof Error && saysNothing.has(error.message)

/** Rejects when the promise takes longer. What it waits for goes on unheeded. */
export const within = async <A>(milliseconds: number, promise: Promise<A>): Promise<A> => {
  const timer = new AbortController()
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).then(
    () => {
      throw new NoAnswer(milliseconds)
    },
    () => promise
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/** The server did not answer a call in time. */
export class NoAnswer extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds / 1000} s`)
  }
}
