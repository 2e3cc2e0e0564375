/**
 * What the alerts that come of one line show of events. Any number of buckets may run over at one line, each with a long
 * queue, and to show an event its line is parsed once more. So each event is shown once for all of them, and no more
 * than so many are: which ones follows from the buckets alone, and not from what is still known of earlier lines.
 */
import type { QueuedEvent, Shown } from "../event/queued-event.ts"
import type { AlertContext } from "./alert-context.ts"

/** Different events that the alerts of one line show: those of the longest queue. */
const mostEvents = 1_000
/** Events that they show, each alert counted. */
const mostLooks = 10_000

export class ShownEvents {
  readonly #known = new Map<QueuedEvent, Shown>()
  #looks = 0
  #moment = 0

  /** For what comes of the line with this number. */
  of(moment: number): this {
    if (moment !== this.#moment) this.forget()
    this.#moment = moment
    return this
  }

  /** The events of a queue from its end on for which there is room, in their order; the last one is always there. */
  lastOf(queue: ReadonlyArray<QueuedEvent>, contexts: ReadonlyArray<AlertContext>): ReadonlyArray<Shown> {
    const shown: Array<Shown> = []
    for (let at = queue.length - 1; at >= 0; at--) {
      const queued = queue[at]!
      const known = this.#known.get(queued)
      if (shown.length > 0 && !this.#hasRoomFor(known)) break
      const now = queued.shown(contexts, known)
      if (now !== known) this.#known.set(queued, now)
      shown.push(now)
      this.#looks += 1
    }
    return shown.reverse()
  }

  /** Nothing more comes of the line. */
  forget(): void {
    if (this.#looks === 0) return
    this.#known.clear()
    this.#looks = 0
  }

  #hasRoomFor(known: Shown | undefined): boolean {
    return this.#looks < mostLooks && (known !== undefined || this.#known.size < mostEvents)
  }
}
