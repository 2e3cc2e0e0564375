/** One subscription and the projections that it feeds: all that stand near the same place of the log share one. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { Subscribed } from "../event-store/event-store.ts"
import type { Place } from "./place.ts"
import type { Change } from "./projections.ts"

const changeOf = (events: ReadonlyArray<TestudoEvent>): Change | undefined => {
  const decisions: Array<number> = []
  let allowlists = false
  for (const event of events) {
    if (event.type === "DecisionMade" || event.type === "DecisionRetracted") decisions.push(event.data.number)
    if (event.type === "AllowlistReplaced") allowlists = true
  }
  const last = events.at(-1)
  return last === undefined || (decisions.length === 0 && !allowlists)
    ? undefined
    : { position: last.position, decisions, allowlists }
}

export class Feed {
  readonly places: Array<Place>
  /** Everything up to here has been given to the places. */
  position: number
  /** Whether the history is read and events come as they are appended. */
  live = false
  /** How long the last event waited between being recorded and being folded, in milliseconds. */
  #delay = 0
  readonly #waiting = new Set<() => void>()

  constructor(places: ReadonlyArray<Place>) {
    this.places = [...places]
    this.position = Math.min(...places.map((place) => place.position()))
  }

  /** Folds a page; tells what in it concerns bouncers' answers. `now`: milliseconds since 1970. */
  take(page: ReadonlyArray<Subscribed>, now: number): Change | undefined {
    const events: Array<TestudoEvent> = []
    for (const item of page) {
      if (item._tag === "CaughtUp") {
        this.live = true
        this.position = Math.max(this.position, item.position)
        continue
      }
      for (const place of this.places) place.fold(item.event)
      this.position = Math.max(this.position, item.event.position)
      events.push(item.event)
    }
    this.#delay = Math.max(0, now - (events.at(-1)?.recordedAt ?? now))
    return changeOf(events)
  }

  /** The subscription ended; another one will go on after the position. */
  lost(): void {
    this.live = false
  }

  /** Whether the other feed's places have come as far as this one's: from now on this one feeds them, too. */
  joins(other: Feed): boolean {
    if (!other.live || other.position < this.position) return false
    this.places.push(...other.places.splice(0))
    return true
  }

  /** How far a place is behind, in milliseconds: how old what it does not show yet may be. */
  lag(place: Place, now: number): number {
    if (place.parked() === undefined && this.live) return this.#delay
    return place.recordedAt() === 0 ? 0 : Math.max(0, now - place.recordedAt())
  }

  /** Calls back once when there is something new. What it returns takes that back. */
  onMove(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  wake(): void {
    // Whoever is woken may wait again at once, so the set is emptied first.
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const each of woken) each()
  }
}
