import { formatDuration, parseDuration } from "../time/duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import type { StructType } from "./type.ts"
import { floatType, intType, method, stringType, struct, typeOfObject } from "./type.ts"

/** A span of time as Go has it: whole nanoseconds, signed, at most about 292 years. */
export class Duration {
  readonly nanoseconds: bigint

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }

  /** Reads Go's duration text (`1h30m`, `-1.5s`, `0`). Throws `EvaluationError` for anything else. */
  static parse(text: string): Duration {
    const nanoseconds = parseDuration(text)
    if (nanoseconds === undefined) {
      throw new EvaluationError(`${JSON.stringify(text.slice(0, 64))} is not a duration such as 1h30m`)
    }
    return new Duration(nanoseconds)
  }

  get [typeOfObject](): StructType {
    return durationType
  }

  /** Go's text, such as `1h2m3.5s`, `1.5ms` or `0s`. */
  toString(): string {
    return formatDuration(this.nanoseconds)
  }
}

export const durationType: StructType = struct("duration", {
  methods: () => ({
    Hours: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 3.6e12)),
    Minutes: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 6e10)),
    Seconds: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 1e9)),
    Milliseconds: method([], intType, ({ nanoseconds }: Duration) => Number(nanoseconds / 1_000_000n)),
    Microseconds: method([], intType, ({ nanoseconds }: Duration) => Number(nanoseconds / 1000n)),
    String: method([], stringType, (duration: Duration) => duration.toString())
  })
})
