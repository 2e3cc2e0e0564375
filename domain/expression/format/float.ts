/** Floats to text as Go's strconv does it. */

/** `%g` with the fewest digits that read back the same: `443`, `0.5`, `1e+06`, `1.5e-07`. */
export const shortestFloat = (value: number): string => {
  const special = specialFloat(value)
  if (special !== undefined) return special
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  const [digits, exponent] = value.toExponential().split("e") as [string, string]
  const power = Number(exponent)
  return power < -4 || power >= 6 ? digits + exponentText(power) : String(value)
}

/** `%f`: six decimals unless told otherwise, digits in full however large the value. */
export const fixedFloat = (value: number, decimals = 6): string =>
  specialFloat(value) ?? (value < 0 || Object.is(value, -0) ? "-" : "") + fixed(Math.abs(value), decimals)

/** `NaN`, `+Inf` and `-Inf`. */
export const specialFloat = (value: number): string | undefined => {
  if (Number.isNaN(value)) return "NaN"
  if (value === Number.POSITIVE_INFINITY) return "+Inf"
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : undefined
}

/** A finite number that is not negative, as a verb has it: `e`, `f`, `g`, `x` or `b`. */
export const floatDigits = (verb: string, magnitude: number, precision: number | undefined): string => {
  switch (verb) {
    case "e":
      return scientific(magnitude, precision ?? 6)
    case "f":
      return fixed(magnitude, precision ?? 6)
    case "x":
      return hexadecimal(magnitude, precision)
    case "b":
      return binary(magnitude)
    default:
      return precision === undefined ? shortestFloat(magnitude) : general(magnitude, Math.max(precision, 1))
  }
}

const exponentText = (power: number, mark = "e", digits = 2): string =>
  `${mark}${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(digits, "0")}`

const view = new DataView(new ArrayBuffer(8))
const hiddenBit = 2n ** 52n

/** `mantissa * 2 ** exponent`, exactly. */
const binaryParts = (magnitude: number): { readonly mantissa: bigint; readonly exponent: number } => {
  view.setFloat64(0, magnitude)
  const bits = view.getBigUint64(0)
  const exponent = Number(bits >> 52n)
  const fraction = bits & (hiddenBit - 1n)
  // The smallest numbers have no hidden bit.
  return exponent === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | hiddenBit, exponent: exponent - 1075 }
}

/** How far the binary point is from the last bit. The farther, the longer it takes to find all decimal digits. */
export const binaryPlaces = (value: number): number => Math.abs(binaryParts(Math.abs(value)).exponent)

/** Digits behind `0.`, times ten to the power of `point`. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

/** No float has more digits. */
const mostDigits = 800

/** All digits that a float has. */
const exactDecimal = (magnitude: number): Decimal => {
  const { mantissa, exponent } = binaryParts(magnitude)
  const whole = exponent < 0 ? mantissa * 5n ** BigInt(-exponent) : mantissa << BigInt(exponent)
  const digits = whole.toString()
  return { digits, point: digits.length + Math.min(exponent, 0) }
}

/** The first digits; an exact half goes to the even one, where JavaScript would go up. */
const rounded = ({ digits, point }: Decimal, count: number): Decimal => {
  if (count < 0) return { digits: "", point }
  if (count >= digits.length) return { digits: digits.padEnd(count, "0"), point }
  const kept = digits.slice(0, count)
  const rest = digits.slice(count)
  const half = "5".padEnd(rest.length, "0")
  if (rest < half || (rest === half && !/[13579]$/.test(kept))) return { digits: kept, point }
  const next = (BigInt(kept === "" ? "0" : kept) + 1n).toString()
  return { digits: next, point: point + next.length - count }
}

const fixed = (magnitude: number, decimals: number): string => {
  // JavaScript knows the digits too, unless there are very many or an exact half may be among them.
  if (magnitude < 1e21 && decimals < 100 && !magnitude.toFixed(decimals + 1).endsWith("5")) {
    return magnitude.toFixed(decimals)
  }
  const exact = exactDecimal(magnitude)
  const { digits, point } = rounded(exact, exact.point + decimals)
  const whole = point > 0 ? digits.slice(0, point) : "0"
  if (decimals === 0) return whole
  const fraction = "0".repeat(Math.max(-point, 0)) + digits.slice(Math.max(point, 0))
  return `${whole}.${fraction.slice(0, decimals).padEnd(decimals, "0")}`
}

const zero: Decimal = { digits: "0", point: 1 }

const roundedTo = (magnitude: number, count: number): Decimal =>
  rounded(magnitude === 0 ? zero : exactDecimal(magnitude), count)

const scientific = (magnitude: number, decimals: number): string => {
  const { digits, point } = roundedTo(magnitude, decimals + 1)
  return withPoint(digits.slice(0, decimals + 1)) + exponentText(point - 1)
}

const withPoint = (digits: string): string => (digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits)

/** `%.Ng`: N digits that matter, without zeros at the end. */
const general = (magnitude: number, count: number): string => {
  const { digits, point } = roundedTo(magnitude, Math.min(count, mostDigits))
  const significant = digits.replace(/0+$/, "")
  if (significant === "") return "0"
  if (point <= -4 || point > count) return withPoint(significant) + exponentText(point - 1)
  if (point <= 0) return `0.${"0".repeat(-point)}${significant}`
  const whole = significant.slice(0, point).padEnd(point, "0")
  return significant.length > point ? `${whole}.${significant.slice(point)}` : whole
}

/** `0x1.8p+01`. */
const hexadecimal = (magnitude: number, precision: number | undefined): string => {
  if (magnitude === 0) return `0x0${precision ? `.${"0".repeat(precision)}` : ""}p+00`
  let { mantissa, exponent } = binaryParts(magnitude)
  while (mantissa < hiddenBit) {
    mantissa <<= 1n
    exponent--
  }
  if (precision !== undefined && precision < 13) {
    const unit = 1n << BigInt(52 - 4 * precision)
    const twice = (mantissa % unit) * 2n
    mantissa -= mantissa % unit
    if (twice > unit || (twice === unit && (mantissa & unit) !== 0n)) mantissa += unit
    // All ones became a one with zeros.
    if (mantissa >= 2n * hiddenBit) {
      mantissa >>= 1n
      exponent++
    }
  }
  const all = (mantissa & (hiddenBit - 1n)).toString(16).padStart(13, "0")
  const fraction = precision === undefined ? all.replace(/0+$/, "") : all.slice(0, precision).padEnd(precision, "0")
  return `0x1${fraction === "" ? "" : `.${fraction}`}${exponentText(exponent + 52, "p")}`
}

const binary = (magnitude: number): string => {
  const { mantissa, exponent } = binaryParts(magnitude)
  return mantissa.toString() + exponentText(exponent, "p", 1)
}
