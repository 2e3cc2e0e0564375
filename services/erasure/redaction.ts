/** What an event says, without somebody. */
import type { Mention } from "./mention.ts"

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const replacedIn = (value: unknown, mention: Mention, word: string): unknown => {
  if (typeof value === "string") return mention.replaced(value, word)
  if (Array.isArray(value)) return value.map((item) => replacedIn(item, mention, word))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [mention.replaced(key, word), replacedIn(held, mention, word)])
  )
}

const speaksOf = (value: unknown, mention: Mention): boolean =>
  typeof value === "string"
    ? mention.isIn(value)
    : Array.isArray(value)
      ? value.some((item) => speaksOf(item, mention))
      : isObject(value) && Object.entries(value).some(([key, held]) => mention.isIn(key) || speaksOf(held, mention))

/** Evidence keeps its place and time; what it shows of the lines goes. */
const silenced = (evidence: unknown): unknown => (isObject(evidence) ? { ...evidence, text: "", meta: {} } : evidence)

/**
 * The data with `word` in place of the value, or undefined when it does not speak of it. An overflow of this offender
 * loses all its evidence, and with it where the address is said to be; one of another loses the lines that speak of him.
 */
export const redacted = (type: string, data: unknown, mention: Mention, word: string): unknown => {
  if (!speaksOf(data, mention) || !isObject(data)) return undefined
  if (type !== "OverflowRaised") return replacedIn(data, mention, word)
  const { source, evidence } = data
  const isHis = isObject(source) && mention.isIn(String(source["value"]))
  const lines = Array.isArray(evidence) ? evidence : []
  const kept = lines.map((line) => (isHis || speaksOf(line, mention) ? silenced(line) : line))
  const rest = replacedIn({ ...data, evidence: [] }, mention, word) as Json
  // The bucket's key is a hash of few possible values: it could be guessed.
  const anonymous = isHis ? { source: { scope: source["scope"], value: word }, bucket: word } : {}
  return { ...rest, ...anonymous, evidence: kept }
}
