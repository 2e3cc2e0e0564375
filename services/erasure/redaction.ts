/** What an event says, without somebody. */
import type { Mention } from "./mention.ts"

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The fields of each type that speak of offenders. The others hold what rules say, times and ids: an offender may be called
 * `ban` or `message`, and every decision is of that type, and every overflow has such a field.
 */
const spoken: Readonly<Record<string, ReadonlyArray<string>>> = {
  DecisionMade: ["value", "reason"],
  DecisionRetracted: ["reason"],
  NameResolved: ["address", "name"],
  HostResolved: ["host", "addresses"],
  OverflowRaised: ["source", "message", "meta", "reprocess", "evidence"]
}

/** A field within these that holds a word of the rules. */
const scope = "scope"

const speaks = (type: string, data: Json, key: string): boolean => {
  const fields = spoken[type]
  // A person's decision names no scenario, but says why.
  return fields === undefined || fields.includes(key) || (key === "scenario" && data["overflow"] === null)
}

const replacedIn = (value: unknown, mention: Mention, word: string): unknown => {
  if (typeof value === "string") return mention.replaced(value, word)
  if (Array.isArray(value)) return value.map((item) => replacedIn(item, mention, word))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key, key === scope ? held : replacedIn(held, mention, word)])
  )
}

const speaksOf = (value: unknown, mention: Mention): boolean =>
  typeof value === "string"
    ? mention.isIn(value)
    : Array.isArray(value)
      ? value.some((item) => speaksOf(item, mention))
      : isObject(value) && Object.entries(value).some(([key, held]) => key !== scope && speaksOf(held, mention))

/** An entry of evidence keeps its place and time; what it shows of the line goes. */
const silenced = (entry: unknown): unknown => (isObject(entry) ? { ...entry, text: "", meta: {} } : entry)

/**
 * Evidence in which nothing speaks of him; `all`: nothing speaks of anybody. It is as it was stored: in version 1 a list
 * of entries, since then with what they have alike beside them.
 */
const withoutHim = (evidence: unknown, mention: Mention, all: boolean): unknown => {
  if (Array.isArray(evidence))
    return evidence.map((entry) => (all || speaksOf(entry, mention) ? silenced(entry) : entry))
  if (!isObject(evidence)) return evidence
  const { meta, entries } = evidence
  const everywhere = all || speaksOf(meta, mention)
  return { ...evidence, meta: everywhere ? {} : meta, entries: withoutHim(entries, mention, everywhere) }
}

/**
 * The data with `word` in place of the value, or undefined when it does not speak of it. An overflow of this offender
 * loses all its evidence, and with it where the address is said to be; one of another loses the lines that speak of him.
 */
export const redacted = (type: string, data: unknown, mention: Mention, word: string): unknown => {
  if (!isObject(data)) return undefined
  const said = Object.entries(data).filter(([key]) => speaks(type, data, key))
  if (!said.some(([, value]) => speaksOf(value, mention))) return undefined
  const { evidence, ...others } = Object.fromEntries(said)
  const replaced = { ...data, ...(replacedIn(others, mention, word) as Json) }
  if (type !== "OverflowRaised") return replaced
  const { source } = data
  const isHis = isObject(source) && mention.isIn(String(source["value"]))
  // The bucket's key is a hash of few possible values: it could be guessed.
  const about = isHis ? { source: { scope: source[scope], value: word }, bucket: word } : {}
  return { ...replaced, ...about, evidence: withoutHim(evidence, mention, isHis) }
}
