/**
 * The writer in a thread of its own, so that a sync never holds up the node.
 *
 * Group commit: while one commit is on its way to the disk, appends gather; then they go together, with one sync, in the
 * order in which they came. The more writers, the fewer syncs for each.
 */
import { Worker } from "node:worker_threads"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type Appender, answered, type CommitAnswer } from "./appender.ts"
import type { StoreUnavailable } from "./event-store.ts"
import { failedBy, storeFailure } from "./failure.ts"
import { type StoreFailureCode, StoreFault } from "./fault.ts"
import type { ReadyGroup, Written } from "./ready-group.ts"
import { pack } from "./packed-group.ts"
import type { FromWriter, PlainError, ToWriter } from "./writer-thread-main.ts"

/** About how many bytes one commit takes; what is beyond waits for the next. */
const commitBytes = 16_000_000

interface Waiting {
  readonly group: ReadyGroup
  readonly bytes: number
  readonly answer: (answer: CommitAnswer) => void
}

const bytesOf = (group: ReadyGroup): number => {
  const parts = "drop" in group ? [] : group.parts
  let bytes = 0
  for (const { events } of parts) for (const { data, bytes: kept } of events) bytes += data.length + (kept?.length ?? 0)
  return bytes
}

/** An error as it was before it crossed the threads. */
const revived = ({ code, message, errcode, isFailure }: PlainError): unknown =>
  isFailure ? new StoreFault(code as StoreFailureCode, message) : Object.assign(new Error(message), { code, errcode })

export class WriterThread implements Appender {
  readonly #worker: Worker
  readonly #path: string
  #waiting: Array<Waiting> = []
  /** Whoever waits for the commit that is on its way. Its groups are not held: the thread has them. */
  #sent: ReadonlyArray<Waiting["answer"]> = []
  #ended: StoreUnavailable | undefined
  #whenIdle: (() => void) | undefined

  private constructor(worker: Worker, path: string) {
    this.#worker = worker
    this.#path = path
    worker.on("message", (message: FromWriter) => {
      if (message.what === "committed") this.#committed(message.answers)
    })
    worker.on("error", (error) => this.#end(String(error)))
    worker.on("exit", () => this.#end("its thread ended"))
    worker.unref()
  }

  /** Opens the log in a new thread. The caller holds the directory's lock. Says what had to be mended. */
  static readonly open = (
    path: string,
    options: { readonly acceptLoss?: boolean }
  ): Effect.Effect<{ readonly thread: WriterThread; readonly notices: ReadonlyArray<string> }, StoreUnavailable> =>
    Effect.callback((resume) => {
      const workerData = { path, ...options }
      const worker = new Worker(new URL("./writer-thread-main.ts", import.meta.url), { workerData })
      const fail = (error: unknown) => resume(failedBy(error, path))
      worker.once("error", fail)
      worker.once("message", (message: FromWriter) => {
        worker.off("error", fail)
        if (message.what === "failed") return fail(revived(message.error))
        if (message.what !== "opened") return
        return resume(Effect.succeed({ thread: new WriterThread(worker, path), notices: message.notices }))
      })
    })

  readonly take = (group: ReadyGroup): Effect.Effect<Written, StoreUnavailable> => {
    if (this.#ended !== undefined) return Effect.fail(this.#ended)
    const outcome = Deferred.makeUnsafe<CommitAnswer>()
    const answer = (given: CommitAnswer) => void Deferred.doneUnsafe(outcome, Effect.succeed(given))
    this.#waiting.push({ group, bytes: bytesOf(group), answer })
    this.#send()
    return Effect.flatMap(Deferred.await(outcome), (given) => answered(given, this.#path))
  }

  readonly close: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const idle = yield* Deferred.make<void>()
    this.#whenIdle = () => Deferred.doneUnsafe(idle, Effect.void)
    this.#send()
    yield* Deferred.await(idle)
    this.#ended ??= storeFailure("TST-STORE-CLOSED", `The event store ${this.#path} is closed.`)
    const gone = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()))
    this.#worker.ref()
    this.#worker.postMessage({ what: "close" } satisfies ToWriter)
    yield* Effect.promise(() => gone)
  })

  #send(): void {
    if (this.#sent.length > 0) return
    let bytes = 0
    let count = 0
    while (count < this.#waiting.length && (count === 0 || bytes + this.#waiting[count]!.bytes <= commitBytes)) {
      bytes += this.#waiting[count]!.bytes
      count++
    }
    if (count === 0) {
      this.#whenIdle?.()
      return
    }
    const sent = this.#waiting.splice(0, count)
    this.#sent = sent.map(({ answer }) => answer)
    this.#worker.ref()
    this.#worker.postMessage({ what: "commit", groups: sent.map(({ group }) => pack(group)) } satisfies ToWriter)
  }

  #committed(answers: ReadonlyArray<CommitAnswer | { readonly plain: PlainError }>): void {
    const sent = this.#sent
    this.#sent = []
    this.#worker.unref()
    for (const [index, answer] of answers.entries()) {
      sent[index]!("plain" in answer ? { error: revived(answer.plain) } : answer)
    }
    this.#send()
  }

  #end(why: string): void {
    this.#ended ??= storeFailure("TST-STORE-CLOSED", `The writer of the event store ${this.#path} ended: ${why}.`)
    const unanswered = [...this.#sent, ...this.#waiting.map(({ answer }) => answer)]
    this.#sent = []
    this.#waiting = []
    for (const answer of unanswered) answer({ error: this.#ended })
    this.#whenIdle?.()
  }
}
