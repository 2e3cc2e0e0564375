/** Durations as Go writes them (`time.Duration`): text on the outside, nanoseconds inside. */

const microsecond = 1_000n
export const nanosecondsPerMillisecond = 1_000_000n
const second = 1_000_000_000n
const minute = 60n * second
const hour = 60n * minute
const day = 24n * hour

const units: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", microsecond],
  // The micro sign and the Greek letter look alike; Go takes both.
  ["\u00b5s", microsecond],
  ["\u03bcs", microsecond],
  ["ms", nanosecondsPerMillisecond],
  ["s", second],
  ["m", minute],
  ["h", hour]
])

const maxLength = 128
/** Go keeps a duration in 64 bits: about 292 years. */
const maxDuration = 2n ** 63n - 1n

const bounded = (nanoseconds: bigint): bigint | undefined =>
  nanoseconds > maxDuration || nanoseconds < -maxDuration - 1n ? undefined : nanoseconds

/** The sign, and the text without it. */
const unsigned = (text: string): { readonly sign: bigint; readonly rest: string } => ({
  sign: text[0] === "-" ? -1n : 1n,
  rest: text[0] === "-" || text[0] === "+" ? text.slice(1) : text
})

/** Number and unit pairs without a sign, at least one. */
const parseParts = (text: string): bigint | undefined => {
  const part = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y
  let total = 0n
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (found === null) return undefined
    const [, whole, fraction = "", unit] = found
    if (whole === "" && fraction === "") return undefined
    const scale = units.get(unit!)!
    total += BigInt(whole!) * scale + (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return text === "" ? undefined : total
}

/**
 * Go's `time.ParseDuration`: `[+-]` and pairs of a decimal number and `ns us µs ms s m h`, or plain `0`.
 * Returns nanoseconds, or undefined for anything else, also for what does not fit into 64 bits.
 */
export const parseDuration = (text: string): bigint | undefined => {
  if (text.length > maxLength) return undefined
  const { sign, rest } = unsigned(text)
  if (rest === "0") return 0n
  const nanoseconds = parseParts(rest)
  return nanoseconds === undefined ? undefined : bounded(sign * nanoseconds)
}

/** As {@link parseDuration}, and leading whole days too: `7d`, `1d12h`. */
export const parseLongDuration = (text: string): bigint | undefined => {
  if (text.length > maxLength) return undefined
  const { sign, rest } = unsigned(text)
  const days = /^(\d+)d(.*)$/s.exec(rest)
  if (days === null) return parseDuration(text)
  const others = days[2] === "" ? 0n : parseParts(days[2]!)
  return others === undefined ? undefined : bounded(sign * (BigInt(days[1]!) * day + others))
}

/** As {@link parseLongDuration}, in whole milliseconds (towards zero); white space around the text is no matter. */
export const parseMilliseconds = (text: string): number | undefined => {
  const nanoseconds = parseLongDuration(text.trim())
  return nanoseconds === undefined ? undefined : Number(nanoseconds / nanosecondsPerMillisecond)
}

/** `value / 10^places` without zeros at the end. */
const decimal = (value: bigint, places: number): string => {
  const digits = value.toString().padStart(places + 1, "0")
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "")
  return digits.slice(0, digits.length - places) + (fraction === "" ? "" : `.${fraction}`)
}

/** Go's `Duration.String()`: `4h0m0s`, `1m30.5s`, `837.9ms`, `0s`. */
export const formatDuration = (nanoseconds: bigint): string => {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const sign = nanoseconds < 0n ? "-" : ""
  if (size === 0n) return "0s"
  if (size < microsecond) return `${sign}${size}ns`
  if (size < nanosecondsPerMillisecond) return `${sign}${decimal(size, 3)}µs`
  if (size < second) return `${sign}${decimal(size, 6)}ms`
  const seconds = size % second === 0n ? `${(size % minute) / second}s` : `${decimal(size % minute, 9)}s`
  if (size < minute) return `${sign}${seconds}`
  const minutes = `${(size / minute) % 60n}m${seconds}`
  return size < hour ? `${sign}${minutes}` : `${sign}${size / hour}h${minutes}`
}

/** For people: as {@link formatDuration}, without units of zero at the end: `4h`, `1h30m`. */
export const formatShortDuration = (nanoseconds: bigint): string =>
  formatDuration(nanoseconds).replace(/m0s$/, "m").replace(/h0m$/, "h")

/**
 * For the wire, in whole seconds (towards zero): `3h59m52s`, `1m0s`, `59s`, `-1h2m3s`. Bouncers elsewhere understand
 * neither fractions nor smaller units, and take what they do not understand for a ban that never ends.
 */
export const formatWireDuration = (seconds: number): string => formatDuration(BigInt(Math.trunc(seconds)) * second)
