/** One bucket: the events of one offender (or whatever the scenario groups by) on their way to an overflow. */
import { Duration } from "../expression/duration.ts"
import { Time } from "../expression/time.ts"
import { ownCopy } from "../text/remembered.ts"
import { EventQueue } from "./event-queue.ts"
import { Limiter } from "./limiter.ts"
import type { Fate } from "./pour.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import type { Scenario } from "./scenario.ts"

/** Values of `distinct` that a bucket remembers; the oldest is forgotten first. */
const mostDistinct = 10_000

/**
 * Fields in capitals are what expressions read as `leaky`; times are in microseconds since 1970, 0 for "not yet".
 * It holds no behaviour: `pour.ts` says what an event does to it.
 */
export class Bucket {
  scenario: Scenario
  /** What the scenario's `groupby` gave. */
  readonly group: string
  readonly limiter: Limiter
  readonly queue: EventQueue
  first = 0
  last = 0
  overflowed = 0
  Total_count = 0
  /** What the last event made of it. */
  fate: Fate = "open"
  /** Values of `distinct` that were poured; most buckets need none. */
  #seen: Set<string> | undefined
  #seenCharacters = 0
  /** Which guillotine conditions of a bayesian bucket have come true, by their index. */
  #proven: Set<number> | undefined
  /** How many characters its home has counted of it. */
  counted = 0
  /** Its neighbours in the order in which the buckets of its home were poured into. */
  older: Bucket | undefined
  newer: Bucket | undefined

  constructor(scenario: Scenario, group: string) {
    const { rule } = scenario
    this.scenario = scenario
    this.group = group
    this.limiter = new Limiter(scenario.leakRate, rule.capacity)
    const cached = rule.cacheSize > 0 && (rule.cacheSize <= rule.capacity || rule.capacity === -1)
    this.queue = new EventQueue(cached ? rule.cacheSize : rule.capacity)
  }

  /** Whether an event of this time comes too late for it. A timed one has run over by then, any other is just gone. */
  isOver(at: number): boolean {
    return this.Total_count > 0 && at > (this.scenario.timed ? this.deadline : this.last + this.scenario.lifetime)
  }

  /** When a timed bucket runs over. */
  get deadline(): number {
    return this.first + this.scenario.lifetime
  }

  /** Counts an event in. */
  take(event: PipelineEvent): void {
    if (this.Total_count === 0) this.first = event.at
    this.last = event.at
    this.Total_count += 1
  }

  /** Whether this value of `distinct` is new to the bucket. */
  isNew(value: string): boolean {
    this.#seen ??= new Set()
    if (this.#seen.has(value)) return false
    if (this.#seen.size >= mostDistinct) {
      const oldest = this.#seen.values().next().value!
      this.#seen.delete(oldest)
      this.#seenCharacters -= oldest.length
    }
    this.#seen.add(ownCopy(value))
    this.#seenCharacters += value.length
    return true
  }

  /** Of all texts that it holds: what attackers can make large. */
  get characters(): number {
    return this.queue.characters + this.#seenCharacters
  }

  /** The oldest first. */
  get seen(): ReadonlySet<string> {
    return this.#seen ?? nothing
  }

  prove(condition: number): void {
    this.#proven ??= new Set()
    this.#proven.add(condition)
  }

  get proven(): ReadonlySet<number> {
    return this.#proven ?? nothing
  }

  get Name(): string {
    return this.scenario.rule.name
  }
  get Mapkey(): string {
    return this.scenario.keyOf(this.group)
  }
  get Capacity(): number {
    return this.scenario.rule.capacity
  }
  get CacheSize(): number {
    return this.scenario.rule.cacheSize
  }
  get Leakspeed(): Duration {
    return new Duration(this.scenario.rule.leakspeedNs)
  }
  get Duration(): Duration {
    return new Duration(BigInt(Math.round(this.scenario.lifetime)) * 1000n)
  }
  get Reprocess(): boolean {
    return this.scenario.rule.reprocess
  }
  get Simulated(): boolean {
    return false
  }
  get Uuid(): string {
    return ""
  }
  get First_ts(): Time {
    return timeOf(this.first)
  }
  get Last_ts(): Time {
    return timeOf(this.last)
  }
  get Ovflw_ts(): Time {
    return timeOf(this.overflowed)
  }
}

const nothing: ReadonlySet<never> = new Set()

const timeOf = (microseconds: number): Time => new Time(BigInt(microseconds) * 1000n)
