/** How far the detection time of each source has come, and how far back its lines reach. In microseconds since 1970. */

/** A source without a line for so many lines of others is asleep: the sweep does not wait for it. */
const asleepAfter = 100_000

/** How much older than the line before it a line may be; what comes later still may find its bucket swept away. */
const leastTolerance = 10_000_000
const mostTolerance = 3_600_000_000

interface Clock {
  at: number
  line: number
  /** How far its lines went back lately: those of several machines in one file, say, whose clocks do not agree. */
  late: number
}

export class SourceClocks {
  readonly #clocks = new Map<string, Clock>()
  /** Detection time of the last line. */
  now = 0

  previous(source: string): number | undefined {
    return this.#clocks.get(source)?.at
  }

  /** `line` is the number of lines that were read, this one included. */
  set(source: string, at: number, line: number): void {
    this.now = at
    const clock = this.#clocks.get(source)
    if (clock === undefined) this.#clocks.set(source, { at, line, late: 0 })
    else {
      if (clock.at - at > clock.late) clock.late = clock.at - at
      clock.at = at
      clock.line = line
    }
  }

  /** No line before this time is to be expected from the sources that are awake. */
  horizon(line: number): number {
    let horizon = this.now - leastTolerance
    for (const clock of this.#clocks.values()) {
      if (clock.line > line - asleepAfter) {
        const tolerance = Math.min(Math.max(2 * clock.late, leastTolerance), mostTolerance)
        horizon = Math.min(horizon, clock.at - tolerance)
      }
    }
    return horizon
  }

  /** A sweep is through: what a source's lines went back counts half as much from here on, until they do so again. */
  swept(): void {
    for (const clock of this.#clocks.values()) clock.late = Math.floor(clock.late / 2)
  }

  snapshot(): {
    readonly now: number
    readonly sources: ReadonlyArray<readonly [source: string, at: number, line: number, late: number]>
  } {
    return {
      now: this.now,
      sources: Array.from(this.#clocks, ([source, { at, line, late }]) => [source, at, line, late] as const)
    }
  }

  restore(snapshot: ReturnType<SourceClocks["snapshot"]>): void {
    this.now = snapshot.now
    for (const [source, at, line, late] of snapshot.sources) this.#clocks.set(source, { at, line, late })
  }
}
