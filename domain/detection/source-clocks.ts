/** How far the detection time of each source has come. In microseconds since 1970. */

/** A source without a line for so many lines of others is asleep: the sweep does not wait for it. */
const asleepAfter = 100_000

export class SourceClocks {
  readonly #clocks = new Map<string, { at: number; line: number }>()
  /** Detection time of the last line. */
  now = 0

  previous(source: string): number | undefined {
    return this.#clocks.get(source)?.at
  }

  /** `line` is the number of lines that were read, this one included. */
  set(source: string, at: number, line: number): void {
    this.now = at
    const clock = this.#clocks.get(source)
    if (clock === undefined) this.#clocks.set(source, { at, line })
    else {
      clock.at = at
      clock.line = line
    }
  }

  /** The earliest time among the sources that are awake: no line before it is to be expected. */
  slowest(line: number): number {
    let slowest = this.now
    for (const clock of this.#clocks.values())
      if (clock.line > line - asleepAfter) slowest = Math.min(slowest, clock.at)
    return slowest
  }

  snapshot(): {
    readonly now: number
    readonly sources: ReadonlyArray<readonly [source: string, at: number, line: number]>
  } {
    return { now: this.now, sources: Array.from(this.#clocks, ([source, { at, line }]) => [source, at, line] as const) }
  }

  restore(snapshot: ReturnType<SourceClocks["snapshot"]>): void {
    this.now = snapshot.now
    for (const [source, at, line] of snapshot.sources) this.#clocks.set(source, { at, line })
  }
}
