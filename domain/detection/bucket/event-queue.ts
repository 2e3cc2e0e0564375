/** The last events of a bucket. Bounded even where the rule sets no bound: the log is the attacker's to write. */
import { QueuedEvent } from "../event/queued-event.ts"

/** What an unlimited queue (a conditional bucket's, say) holds at most. */
const longest = 1_000

/** Queues of fewer events are no longer than what they hold. */
const fewEvents = 12

/** What all queues hold at first; nothing is added to it. */
const empty: Array<QueuedEvent> = []

/** How long a queue of this length is; -1: unlimited, which is up to 1,000 events. */
export const bounded = (length: number): number => (length < 0 || length >= longest ? longest - 1 : length)

/** A copy with room for one more. An array that grows by itself gets room for another sixteen: most never need it. */
const withRoom = (events: ReadonlyArray<QueuedEvent>): Array<QueuedEvent> => {
  const { length } = events
  const all = new Array<QueuedEvent>(length + 1)
  for (let i = 0; i < length; i++) all[i] = events[i]!
  return all
}

interface Selection {
  readonly key: object
  /** So many of the first events were asked when nobody would write to them any more. */
  settled: number
  /** So many of those that passed are among them. */
  kept: number
  readonly passed: Array<QueuedEvent>
  /** Whether those behind passed; it stands if their lines went through and nobody wrote to them. */
  unsettled: Array<boolean>
  /** {@link QueuedEvent.edits} at the last time. */
  edits: number
}

export class EventQueue {
  /** Expressions read it as `queue.Queue`. */
  Queue: Array<QueuedEvent> = empty
  /** Of what it holds. */
  characters = 0
  L: number
  /** Mostly one. */
  #selections: Array<Selection> | undefined

  /** `length` as {@link bounded} gives it. */
  constructor(length: number) {
    this.L = length
  }

  /** Lets go of its events. Whoever has got them has them still. */
  empty(): void {
    this.Queue = empty
    this.characters = 0
    this.#selections = undefined
  }

  /** CrowdSec's queue holds one event more than its length says. */
  add(event: QueuedEvent): void {
    while (this.Queue.length > this.L) EventQueue.#drop(this)
    const { length } = this.Queue
    if (length < fewEvents) {
      this.Queue = withRoom(this.Queue)
      this.Queue[length] = event
    } else this.Queue.push(event)
    this.characters += event.characters
  }

  /** Takes what it held before. */
  restore(events: Array<QueuedEvent>): void {
    this.Queue = events
    this.characters = events.reduce((sum, { characters }) => sum + characters, 0)
  }

  /** Static: each queue would hold a private method's mark, and most never drop anything. */
  static #drop(queue: EventQueue): void {
    const dropped = queue.Queue.shift()
    queue.characters -= dropped?.characters ?? 0
    if (queue.#selections === undefined) return
    for (const selection of queue.#selections) {
      if (selection.settled === 0) {
        selection.unsettled.shift()
        continue
      }
      selection.settled -= 1
      if (selection.kept === 0 || selection.passed[0] !== dropped) continue
      selection.passed.shift()
      selection.kept -= 1
    }
  }

  /** The events that pass. Each is asked once, but for those that somebody may have written to since. */
  select(key: object, passes: (event: QueuedEvent) => boolean): ReadonlyArray<QueuedEvent> {
    let selection = this.#selections?.find((each) => each.key === key)
    if (selection === undefined) {
      selection = { key, settled: 0, kept: 0, passed: [], unsettled: [], edits: 0 }
      if (this.#selections === undefined) this.#selections = [selection]
      else this.#selections.push(selection)
    }
    const { passed } = selection
    if (selection.edits !== QueuedEvent.edits) {
      selection.edits = QueuedEvent.edits
      selection.settled = 0
      selection.kept = 0
      selection.unsettled = []
    }
    const { settled, unsettled } = selection
    selection.unsettled = []
    if (passed.length > selection.kept) passed.length = selection.kept
    let areThrough = true
    for (let at = settled; at < this.Queue.length; at++) {
      const event = this.Queue[at]!
      const known = event.isKept ? undefined : unsettled[at - settled]
      const pass = known ?? passes(event)
      if (pass) passed.push(event)
      areThrough &&= !event.isAtHand
      if (areThrough) {
        selection.settled = at + 1
        selection.kept = passed.length
      } else selection.unsettled.push(pass)
    }
    return passed
  }

  GetQueue(): ReadonlyArray<QueuedEvent> {
    return this.Queue
  }
}
