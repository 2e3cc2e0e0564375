/**
 * What rules see besides the event at hand: data files, stashes, host names, GeoIP and the time. Expressions are compiled
 * once for a ruleset, but stashes and names belong to an engine: whoever runs them lends its state for that while.
 */
import type { Context, DataFiles } from "../../expression/environment.ts"
import { EvaluationError } from "../../expression/error.ts"
import { limit } from "../../expression/limit.ts"
import { Time } from "../../expression/time.ts"
import { NameUnknown } from "../pass.ts"
import { Answers } from "../filter/answers.ts"
import { type EventField, sameField } from "../event/event-field.ts"
import type { GeoLookup } from "./geo.ts"
import type { Names } from "./names.ts"
import type { Stashes } from "./stash.ts"

const unknownCity = { country: "", inEuropeanUnion: false, latitude: 0, longitude: 0 }
const unknownNetwork = { number: 0, organization: "", range: "" }

/** The engine's part of the world. */
export interface WorldState {
  readonly stashes: Stashes
  readonly names: Names
  /** Whether the DNS is asked at all; if not, every look-up counts as unanswered. */
  readonly asksNames: boolean
  readonly lookup: GeoLookup
  /** In a hub test: what stashes and `TimeNow()` take for the present, whatever the line says. */
  readonly clock?: number | undefined
}

export class World implements Context {
  readonly files: DataFiles
  readonly stashes: Context["stashes"]
  readonly now: Context["now"]
  /** What was read into the event at hand, in characters. */
  #unmarshaled = 0
  readonly geo: NonNullable<Context["geo"]>
  #state: WorldState | undefined
  readonly #answers: Array<{ readonly field: EventField; readonly answers: Answers }> = []
  /** Detection time of the event at hand, in microseconds since 1970. */
  time = 0
  /** Whether something was asked that may answer otherwise another time: the result cannot be had again by parsing. */
  touched = false
  /** Whether the event at hand can wait for an answer of the DNS. */
  #waits = false
  /** Whether something was put into a stash. */
  #stashed = false
  /** Nothing is written to stashes. */
  #rehearses = false

  /** false: nothing is skipped or remembered, everything is evaluated for every line. For tests: verdicts are the same. */
  readonly shortcuts: boolean

  constructor(files: DataFiles, shortcuts: boolean) {
    this.files = files
    this.shortcuts = shortcuts
    this.stashes = {
      get: (stash, key) => {
        this.touched = true
        const { stashes } = this.state
        return this.#rehearses ? stashes.peek(stash, key, this.time) : stashes.get(stash, key, this.time)
      },
      set: (stash, key, value, ttl) => {
        this.#stashed = true
        if (!this.#rehearses) this.state.stashes.set(stash, key, value, this.time, ttl)
      }
    }
    this.now = () => {
      this.touched = true
      return new Time(BigInt(this.time) * 1000n)
    }
    this.geo = {
      city: (address) => {
        const { city } = this.state.lookup
        return city && (city(address) ?? unknownCity)
      },
      network: (address) => {
        const { network } = this.state.lookup
        return network && (network(address) ?? unknownNetwork)
      }
    }
  }

  /** From here on rules see this engine's state, at this time. `waits`: the event can wait for an answer of the DNS. */
  enter(state: WorldState, time: number, waits = false): void {
    this.#state = state
    this.time = state.clock ?? time
    this.touched = false
    this.#stashed = false
    this.#rehearses = false
    this.#waits = waits
    this.#unmarshaled = 0
  }

  /** The same for an event whose time is not known yet: it leaves no trace in the stashes. */
  rehearse(state: WorldState, time: number): void {
    this.enter(state, time)
    this.#rehearses = true
  }

  /** Whether something was done that goes by the present. */
  get asksTime(): boolean {
    return this.touched || this.#stashed
  }

  unmarshals = (text: string): void => {
    this.#unmarshaled += text.length
    if (this.#unmarshaled > limit.eventText)
      throw new EvaluationError(`more than ${limit.eventText} characters were read into the event`)
  }

  readonly addressesOf = (host: string): ReadonlyArray<string> => this.resolved(host)

  /**
   * What the DNS answered about an address or a host name. An overflow waits for it (`NameUnknown` is thrown); what cannot
   * wait goes on without.
   */
  resolved(question: string): ReadonlyArray<string> {
    this.touched = true
    const { names, asksNames } = this.state
    const answers = names.get(question, this.time)
    if (answers === undefined && asksNames && this.#waits) throw new NameUnknown(question)
    return answers ?? []
  }

  /** What is remembered about the texts of a field, by all of the rules. */
  answers(field: EventField): Answers {
    let known = this.#answers.find((each) => sameField(each.field, field))
    if (known === undefined) {
      known = { field, answers: new Answers(field) }
      this.#answers.push(known)
    }
    return known.answers
  }

  /**
   * The rules judge no more: what they remember of texts goes. They themselves stay for as long as a bucket holds a line
   * that they read, which may be hours, and another edit may come every minute.
   */
  forget(): void {
    for (const { answers } of this.#answers) answers.forget()
  }

  /** Does something in between, as if nothing had been. */
  aside(work: () => void): void {
    const state = this.#state
    const { time, touched } = this
    const stashed = this.#stashed
    const rehearses = this.#rehearses
    const waits = this.#waits
    const unmarshaled = this.#unmarshaled
    try {
      work()
    } finally {
      this.#state = state
      this.time = time
      this.touched = touched
      this.#stashed = stashed
      this.#rehearses = rehearses
      this.#waits = waits
      this.#unmarshaled = unmarshaled
    }
  }

  get state(): WorldState {
    if (this.#state === undefined) throw new Error("rules were run outside of an engine")
    return this.#state
  }
}
