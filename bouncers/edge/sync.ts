/**
 * Keeps a ban set in step with the API: by its push stream, or, where there is none (CrowdSec's own API), by polling.
 *
 * Whatever goes wrong, the set keeps what it has, the sync says once what happened, and tries again: at once after the
 * first failure, then with a back-off of at most 5 s; slowly when the key is wrong.
 */
import { backOff } from "./back-off.ts"
import type { BanSet } from "./ban-set.ts"
import { MessageTooLarge, readEventStream, type ServerMessage } from "./event-stream.ts"
import { readDecisionsStream } from "./decisions-stream.ts"
import { pause } from "./pause.ts"
import { isRecord, listOf } from "./untrusted-json.ts"

export interface SyncOptions {
  /** Base of the API, without a slash at the end, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly key: string
  /** `name/version`: how the API lists this bouncer. */
  readonly userAgent: string
  readonly set: BanSet
  /** Takes sentences for the administrator's log: one when something changes, not one per try. */
  readonly report: (message: string) => void
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** From 0 to 1. */
  readonly random?: () => number
  /** A stream without a byte for so long is dead; the API sends a heartbeat every 10 s. Default 30 s. */
  readonly silenceMs?: number
  readonly longestBackOffMs?: number
  /** Pause while the API refuses the key. Default 30 s. */
  readonly refusedMs?: number
  /** Between two polls where there is no push stream. Default 10 s. */
  readonly pollMs?: number
  /** Of one message of the stream or one polled answer, in UTF-16 code units. Default 256 Mi. */
  readonly maxMessageSize?: number
}

export interface SyncStatus {
  /** `stream`: the API pushes. `poll`: CrowdSec's own API is asked again and again. */
  readonly mode: "stream" | "poll" | undefined
  readonly connected: boolean
  /** When the set was last known to be in step, in milliseconds since 1970. */
  readonly lastSync: number | undefined
  /** The API's log position that the set stands at. */
  readonly position: string | undefined
  /** What is wrong now. */
  readonly problem: string | undefined
}

/** Why one connection came to its end. */
class SyncProblem extends Error {
  readonly refused: boolean
  constructor(message: string, refused = false) {
    super(message)
    this.refused = refused
  }
}

const sweepEveryMs = 1_000
const sweepEntries = 10_000

export class BanSync {
  readonly #options: Required<SyncOptions>
  #mode: SyncStatus["mode"]
  #connected = false
  #lastSync: number | undefined
  #position: string | undefined
  #problem: string | undefined
  #failures = 0
  #skipped = 0
  #full = false

  constructor(options: SyncOptions) {
    this.#options = {
      fetch: (url, init) => globalThis.fetch(url, init),
      now: Date.now,
      random: Math.random,
      silenceMs: 30_000,
      longestBackOffMs: 5_000,
      refusedMs: 30_000,
      pollMs: 10_000,
      maxMessageSize: 256 * 1024 * 1024,
      ...options
    }
  }

  get status(): SyncStatus {
    return {
      mode: this.#mode,
      connected: this.#connected,
      lastSync: this.#lastSync,
      position: this.#position,
      problem: this.#problem
    }
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { set, now, random, longestBackOffMs, refusedMs } = this.#options
    const sweeper = setInterval(() => set.sweep(now(), sweepEntries), sweepEveryMs)
    while (!signal.aborted) {
      const problem = await this.#connect(signal)
      this.#connected = false
      if (signal.aborted) break
      this.#failures += 1
      this.#complain(problem.message)
      await pause(
        problem.refused ? refusedMs * (0.75 + random() / 2) : backOff(this.#failures, longestBackOffMs, random),
        signal
      )
    }
    clearInterval(sweeper)
  }

  /** One connection, from the first byte to what ended it. */
  async #connect(signal: AbortSignal): Promise<SyncProblem> {
    const { now, silenceMs } = this.#options
    const silence = new AbortController()
    let lastByte = now()
    const watchdog = setInterval(
      () => {
        if (now() - lastByte >= silenceMs) silence.abort()
      },
      Math.min(1_000, silenceMs / 4)
    )
    const alive = (): void => {
      lastByte = now()
    }
    try {
      const either = AbortSignal.any([signal, silence.signal])
      const polls = await this.#follow(either, alive)
      if (!polls) return new SyncProblem("the API closed the stream")
      clearInterval(watchdog)
      await this.#poll(signal)
      return new SyncProblem("stopped")
    } catch (error) {
      if (error instanceof SyncProblem) return error
      if (silence.signal.aborted) return new SyncProblem(`the API was silent for ${Math.round(silenceMs / 1000)} s`)
      return new SyncProblem(`the API cannot be reached: ${causeOf(error)}`)
    } finally {
      clearInterval(watchdog)
      silence.abort()
    }
  }

  /** Reads the push stream to its end. True when the API has no such stream, so that polling is to be used. */
  async #follow(signal: AbortSignal, alive: () => void): Promise<boolean> {
    const { url, fetch, maxMessageSize } = this.#options
    const headers = this.#headers("text/event-stream")
    if (this.#position !== undefined) headers["Last-Event-ID"] = this.#position
    const response = await fetch(`${url}/projections/active-bans/stream`, { headers, signal, redirect: "manual" })
    if (response.status === 404) {
      await response.body?.cancel()
      return true
    }
    await this.#expect(response, "text/event-stream")
    try {
      for await (const message of readEventStream(response.body!, { maxMessageSize, onBytes: alive })) {
        await this.#apply(message)
        alive()
      }
    } catch (error) {
      if (error instanceof MessageTooLarge) this.#lose(`a message of the API is too large: ${error.message}`)
      throw error
    }
    return false
  }

  async #apply(message: ServerMessage): Promise<void> {
    const { set, now } = this.#options
    if (message.event !== "snapshot" && message.event !== "changes") return
    const body = this.#json(message.data)
    if (message.event === "snapshot") {
      if (!Array.isArray(body["bans"])) this.#lose("the API sent a snapshot without bans")
      this.#count(await set.replace(listOf(body["bans"]), listOf(body["allowlist"]), now()))
    } else {
      if (!set.synced) this.#lose("the API sent changes before a snapshot")
      set.remove(listOf(body["removed"]))
      this.#count(set.add(listOf(body["added"]), now()))
      if (Array.isArray(body["allowlist"])) this.#count(set.allow(body["allowlist"]))
    }
    this.#position = message.id ?? readPosition(body["position"]) ?? this.#position
    this.#succeed("stream")
  }

  /** CrowdSec's own stream: everything once, then what changed since the last poll (wire specification, 1.7). */
  async #poll(signal: AbortSignal): Promise<void> {
    const { url, set, fetch, now, silenceMs, pollMs, maxMessageSize } = this.#options
    this.#position = undefined
    for (let startup = true; !signal.aborted; startup = false) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(silenceMs)])
      const response = await fetch(`${url}/v1/decisions/stream?startup=${startup}`, {
        headers: this.#headers("application/json"),
        signal: limited,
        redirect: "manual"
      })
      await this.#expect(response, "application/json")
      const body = this.#json(await readText(response, maxMessageSize))
      const { added, removed, malformed } = readDecisionsStream(body, now())
      if (startup) this.#count(await set.replace(added, [], now()))
      else {
        set.remove(removed)
        this.#count(set.add(added, now()))
      }
      this.#count({ skipped: malformed, refused: 0 })
      this.#succeed("poll")
      await pause(pollMs, signal)
    }
  }

  #headers(accept: string): Record<string, string> {
    return { "X-Api-Key": this.#options.key, "User-Agent": this.#options.userAgent, Accept: accept }
  }

  async #expect(response: Response, type: string): Promise<void> {
    if (response.status === 200 && response.body !== null) {
      const given = response.headers.get("content-type") ?? ""
      if (given.startsWith(type)) return
      await response.body.cancel()
      throw new SyncProblem(
        `${this.#options.url} answered with ${given || "no content type"}, not ${type}: is it the API?`
      )
    }
    await response.body?.cancel()
    if (response.status === 401 || response.status === 403)
      throw new SyncProblem(
        `the API at ${this.#options.url} refuses the key (${response.status}): make one with \`testudo bouncers add NAME\` and give it to this bouncer (TST-BOUNCER-KEY)`,
        true
      )
    throw new SyncProblem(`the API at ${this.#options.url} answered ${response.status}`)
  }

  #json(text: string): Readonly<Record<string, unknown>> {
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      return this.#lose("the API sent a message that is not JSON")
    }
    return isRecord(body) ? body : this.#lose("the API sent a message that is not a JSON object")
  }

  /** A message is lost, so the set can only be put right by a new snapshot. */
  #lose(why: string): never {
    this.#position = undefined
    throw new SyncProblem(why)
  }

  #succeed(mode: "stream" | "poll"): void {
    const { set, now, url, report } = this.#options
    if (!this.#connected || this.#problem !== undefined)
      report(`in step with ${url} (${mode}): ${set.size} decisions, ${set.allowed} allowlist entries`)
    this.#mode = mode
    this.#connected = true
    this.#failures = 0
    this.#problem = undefined
    this.#lastSync = now()
  }

  #complain(problem: string): void {
    if (this.#problem === problem) return
    this.#problem = problem
    const kept = this.#options.set.synced
      ? `keeping ${this.#options.set.size} decisions and trying again`
      : "trying again"
    this.#options.report(problem.includes("(TST-") ? `${problem}; ${kept}` : `${problem}; ${kept} (TST-BOUNCER-API)`)
  }

  #count(counts: { readonly skipped: number; readonly refused: number }): void {
    const { report, set } = this.#options
    if (counts.skipped > 0 && this.#skipped === 0)
      report(`${counts.skipped} entries that the API sent are malformed and skipped (TST-BOUNCER-ENTRY)`)
    this.#skipped += counts.skipped
    if (counts.refused > 0 && !this.#full)
      report(`more than ${set.limit} decisions: ${counts.refused} do not fit and are not enforced (TST-BOUNCER-FULL)`)
    this.#full = counts.refused > 0
  }
}

const readPosition = (value: unknown): string | undefined =>
  typeof value === "number" || typeof value === "string" ? String(value) : undefined

const readText = async (response: Response, maxSize: number): Promise<string> => {
  const decoder = new TextDecoder()
  const pieces: Array<string> = []
  let size = 0
  for await (const chunk of response.body!) {
    const piece = decoder.decode(chunk, { stream: true })
    size += piece.length
    if (size > maxSize) throw new SyncProblem(`an answer of the API is too large: more than ${maxSize} characters`)
    pieces.push(piece)
  }
  return pieces.join("")
}

/** `fetch failed` says nothing; what failed stands in the cause. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message
}
