/** One bucket: the events of one offender (or whatever the scenario groups by) on their way to an overflow. */
import { Duration } from "../../expression/duration.ts"
import { Time } from "../../expression/time.ts"
import { Belief } from "./belief.ts"
import { Cells, cell } from "./cells.ts"
import { type DistinctValues, ManyValues, valuesOf, withValue } from "./distinct-values.ts"
import { bounded, EventQueue } from "./event-queue.ts"
import type { Level } from "./limiter.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import type { Scenario } from "./scenario.ts"

/**
 * Fields in capitals are what expressions read as `leaky`; times are in microseconds since 1970, 0 for "not yet".
 * It holds no behaviour: `pour.ts` says what an event does to it. It is the queue of its events itself: there are very
 * many buckets, and a pour mostly waits for memory, so one object less to look at counts.
 */
export class Bucket extends EventQueue implements Level {
  scenario: Scenario
  /** What the scenario's `groupby` gave. */
  readonly group: string
  /** Whether events can still be poured into it. */
  isOpen = false
  /** What it reckons with, and where that is. */
  #cells: Cells
  cell: number
  /** The values of `distinct` that were poured: most buckets have none. */
  #seen: DistinctValues | undefined
  /** Of a bayesian bucket. */
  #belief: Belief | undefined

  constructor(scenario: Scenario, group: string, cells: Cells = new Cells()) {
    super(queueLength(scenario))
    this.scenario = scenario
    this.group = group
    this.#cells = cells
    this.cell = cells.take()
    this.tokens = scenario.rule.capacity
    this.drained = -1
  }

  /** As it was when it was new. */
  renew(scenario: Scenario): void {
    this.letGo()
    this.scenario = scenario
    this.L = queueLength(scenario)
    this.first = 0
    this.last = 0
    this.overflowed = 0
    this.Total_count = 0
    this.tokens = scenario.rule.capacity
    this.drained = -1
  }

  /** Of all that it holds; what it reckons with stays. */
  letGo(): void {
    this.empty()
    this.distinct = 0
    this.#seen = undefined
    this.#belief = undefined
  }

  isOf(cells: Cells): boolean {
    return this.#cells === cells
  }

  /** Reckons with other cells from here on. */
  move(cells: Cells): void {
    const at = this.cell * cell.length
    const numbers = this.#cells.numbers.slice(at, at + cell.length)
    this.#cells.release(this.cell)
    this.#cells = cells
    this.cell = cells.take()
    cells.numbers.set(numbers, this.cell * cell.length)
  }

  get first(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.first]!
  }
  set first(at: number) {
    this.#cells.numbers[this.cell * cell.length + cell.first] = at
  }
  get last(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.last]!
  }
  set last(at: number) {
    this.#cells.numbers[this.cell * cell.length + cell.last] = at
  }
  get overflowed(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.overflowed]!
  }
  set overflowed(at: number) {
    this.#cells.numbers[this.cell * cell.length + cell.overflowed] = at
  }
  get Total_count(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.total]!
  }
  set Total_count(count: number) {
    this.#cells.numbers[this.cell * cell.length + cell.total] = count
  }
  get tokens(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.tokens]!
  }
  set tokens(left: number) {
    this.#cells.numbers[this.cell * cell.length + cell.tokens] = left
  }
  get drained(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.drained]!
  }
  set drained(at: number) {
    this.#cells.numbers[this.cell * cell.length + cell.drained] = at
  }
  /** How many characters its home has counted of it. */
  get counted(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.counted]!
  }
  set counted(characters: number) {
    this.#cells.numbers[this.cell * cell.length + cell.counted] = characters
  }

  /** Characters of the values of `distinct`. */
  get distinct(): number {
    return this.#cells.numbers[this.cell * cell.length + cell.distinct]!
  }
  set distinct(characters: number) {
    this.#cells.numbers[this.cell * cell.length + cell.distinct] = characters
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
    const more = withValue(this.#seen, value)
    if (more === undefined) return false
    this.#seen = more
    this.distinct = more instanceof ManyValues ? more.characters : this.distinct + value.length
    return true
  }

  /** Characters of all texts that it holds: what attackers can make large. */
  get held(): number {
    return this.characters + this.distinct
  }

  /** The oldest first. */
  get seen(): Iterable<string> {
    return valuesOf(this.#seen)
  }

  get belief(): Belief {
    this.#belief ??= new Belief()
    return this.#belief
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

const queueLength = ({ rule }: Scenario): number => {
  const cached = rule.cacheSize > 0 && (rule.cacheSize <= rule.capacity || rule.capacity === -1)
  return bounded(cached ? rule.cacheSize : rule.capacity)
}

const timeOf = (microseconds: number): Time => new Time(BigInt(microseconds) * 1000n)
