import { formatDuration, parseDuration } from "../time/duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { truncate } from "./number.ts"
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

/** To the nearest multiple of a span; a half goes away from zero. */
const rounded = (duration: Duration, { nanoseconds: span }: Duration): Duration => {
  if (span <= 0n) return duration
  const { nanoseconds } = duration
  const rest = nanoseconds % span
  const size = rest < 0n ? -rest : rest
  const away = size * 2n < span ? 0n : nanoseconds < 0n ? -span : span
  return new Duration(nanoseconds - rest + away)
}

export const durationType: StructType = struct("duration", {
  goName: "time.Duration",
  methods: () => ({
    Hours: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 3.6e12)),
    Minutes: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 6e10)),
    Seconds: method([], floatType, ({ nanoseconds }: Duration) => new Float(Number(nanoseconds) / 1e9)),
    Milliseconds: method([], intType, ({ nanoseconds }: Duration) => Number(nanoseconds / 1_000_000n)),
    Microseconds: method([], intType, ({ nanoseconds }: Duration) => Number(nanoseconds / 1000n)),
    Nanoseconds: method([], intType, ({ nanoseconds }: Duration) => truncate(Number(nanoseconds))),
    Abs: method(
      [],
      durationType,
      ({ nanoseconds }: Duration) => new Duration(nanoseconds < 0n ? -nanoseconds : nanoseconds)
    ),
    Truncate: method([durationType], durationType, (duration: Duration, { nanoseconds: span }: Duration) =>
      span <= 0n ? duration : new Duration((duration.nanoseconds / span) * span)
    ),
    Round: method([durationType], durationType, rounded),
    String: method([], stringType, (duration: Duration) => duration.toString())
  })
})
