/** The last events of a bucket. Bounded even where the rule sets no bound: the log is the attacker's to write. */
import type { QueuedEvent } from "./queued-event.ts"

/** What an unlimited queue (a conditional bucket's, say) holds at most. */
const longest = 1_000

/** Queues of fewer events are no longer than what they hold. */
const fewEvents = 12

/** What all queues hold at first; nothing is added to it. */
const empty: Array<QueuedEvent> = []

/** An array that grows by itself gets room for another sixteen: most queues never need it. */
const longer = (events: ReadonlyArray<QueuedEvent>, event: QueuedEvent): Array<QueuedEvent> => {
  const { length } = events
  const all = new Array<QueuedEvent>(length + 1)
  for (let i = 0; i < length; i++) all[i] = events[i]!
  all[length] = event
  return all
}

interface Selection {
  readonly key: object
  /** So many of the first events have been asked. */
  asked: number
  readonly passed: Array<QueuedEvent>
  /** The last that was asked, when its line was not through by then: it could still be written to. */
  unsure: QueuedEvent | undefined
}

export class EventQueue {
  /** Expressions read it as `queue.Queue`. */
  Queue: Array<QueuedEvent> = empty
  /** Of what it holds. */
  characters = 0
  readonly L: number
  /** Mostly one. */
  #selections: Array<Selection> | undefined

  /** `length` -1: unlimited, up to 1,000 events. */
  constructor(length: number) {
    this.L = length < 0 || length >= longest ? longest - 1 : length
  }

  /** CrowdSec's queue holds one event more than its length says. */
  add(event: QueuedEvent): void {
    while (this.Queue.length > this.L) this.#drop()
    if (this.Queue.length < fewEvents) this.Queue = longer(this.Queue, event)
    else this.Queue.push(event)
    this.characters += event.characters
  }

  /** Takes what it held before. */
  restore(events: Array<QueuedEvent>): void {
    this.Queue = events
    this.characters = events.reduce((sum, { characters }) => sum + characters, 0)
  }

  #drop(): void {
    const dropped = this.Queue.shift()
    this.characters -= dropped?.characters ?? 0
    if (this.#selections === undefined) return
    for (const selection of this.#selections) {
      if (selection.passed[0] === dropped) selection.passed.shift()
      if (selection.unsure === dropped) selection.unsure = undefined
      selection.asked = Math.max(0, selection.asked - 1)
    }
  }

  /** The events that pass. Each is asked once, unless it was written to later. */
  select(key: object, passes: (event: QueuedEvent) => boolean): ReadonlyArray<QueuedEvent> {
    let selection = this.#selections?.find((each) => each.key === key)
    if (selection === undefined) {
      selection = { key, asked: 0, passed: [], unsure: undefined }
      if (this.#selections === undefined) this.#selections = [selection]
      else this.#selections.push(selection)
    }
    const { passed, unsure } = selection
    // What was written to is kept.
    if (unsure !== undefined && (unsure.isAtHand || unsure.isKept)) {
      if (passed.at(-1) === unsure) passed.pop()
      selection.asked -= 1
    }
    selection.unsure = undefined
    while (selection.asked < this.Queue.length) {
      const event = this.Queue[selection.asked]!
      if (passes(event)) passed.push(event)
      if (event.isAtHand) selection.unsure = event
      selection.asked += 1
    }
    return passed
  }

  GetQueue(): ReadonlyArray<QueuedEvent> {
    return this.Queue
  }
}
