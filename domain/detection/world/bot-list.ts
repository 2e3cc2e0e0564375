/**
 * Bots that mean well, as a `bots` data file describes them: by what they say they are and by
 * where they come from. A user agent alone proves nothing, so each names addresses, ranges or host names.
 */
import { EvaluationError } from "../../expression/error.ts"
import { parseJson } from "../../expression/json.ts"
import { compilePattern, type Pattern } from "../../grok/pattern.ts"
import { type Address, parseAddress } from "../../net/address.ts"
import { type Prefix, parsePrefix, prefixContains, prefixOf } from "../../net/prefix.ts"

export interface Bot {
  readonly agent: Pattern | undefined
  /** Any of them; none: any path. */
  readonly paths: ReadonlyArray<Pattern>
  readonly prefixes: ReadonlyArray<Prefix>
}

const keys: ReadonlySet<string> = new Set(["name", "user_agent", "paths", "ips", "ranges", "rdns"])
const longestSubject = 8_192

/** One line of the file. Throws `EvaluationError` or `PatternError`, as CrowdSec refuses the file. */
export const readBot = (line: string): Bot => {
  const fields = parseJson(line)
  if (!(fields instanceof Map)) throw new EvaluationError("it is no JSON object")
  for (const key of fields.keys() as Iterable<string>)
    if (!keys.has(key))
      throw new EvaluationError(`${JSON.stringify(key)} is not known; there are ${[...keys].join(", ")}`)
  if (textOf(fields, "name") === "") throw new EvaluationError("it has no name")
  const rdns = textsOf(fields, "rdns")
  if (rdns.includes("")) throw new EvaluationError("an empty pattern in rdns fits every host")
  for (const pattern of rdns) caseless(pattern)
  const addresses = textsOf(fields, "ips").map(addressOf)
  const ranges = textsOf(fields, "ranges").map(rangeOf)
  if (addresses.length + ranges.length + rdns.length === 0)
    throw new EvaluationError("it names no ips, ranges or rdns, and a user agent is easily forged")
  if (addresses.length + ranges.length === 0)
    throw new EvaluationError("it names only host names, which are not asked for while a line is judged")
  const agent = textOf(fields, "user_agent")
  return {
    agent: agent === "" ? undefined : caseless(agent),
    paths: textsOf(fields, "paths").map(caseless),
    prefixes: [...addresses.map(prefixOf), ...ranges]
  }
}

/** Whether a request comes from one of these, by its address. */
export const isOfBot = (bots: ReadonlyArray<Bot>, source: string, agent: string, path: string): boolean => {
  const address = parseAddress(source) ?? parseAddress(withoutPort(source))
  return (
    address !== undefined &&
    bots.some(
      (bot) =>
        (bot.agent === undefined || bot.agent.test(agent.slice(0, longestSubject))) &&
        (bot.paths.length === 0 || bot.paths.some((pattern) => pattern.test(path.slice(0, longestSubject)))) &&
        bot.prefixes.some((prefix) => prefixContains(prefix, address))
    )
  )
}

/** `192.0.2.1:80` and `[2001:db8::1]:80`, a zone left out. */
const withoutPort = (source: string): string => {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(source) ?? []
  return (bracketed ?? plain ?? source).replace(/%.*$/, "")
}

const caseless = (pattern: string): Pattern => compilePattern(`(?i)${pattern}`)

const addressOf = (text: string): Address => {
  const address = parseAddress(text)
  if (address === undefined) throw new EvaluationError(`${JSON.stringify(text)} is no IP address`)
  return address
}

const rangeOf = (text: string): Prefix => {
  const prefix = text.includes("/") ? parsePrefix(text) : undefined
  if (prefix === undefined) throw new EvaluationError(`${JSON.stringify(text)} is no range of addresses`)
  return prefix
}

const textOf = (fields: ReadonlyMap<unknown, unknown>, key: string): string => {
  const value = fields.get(key) ?? ""
  if (typeof value !== "string") throw new EvaluationError(`${key} must be a text`)
  return value
}

const textsOf = (fields: ReadonlyMap<unknown, unknown>, key: string): ReadonlyArray<string> => {
  const values = fields.get(key) ?? []
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string"))
    throw new EvaluationError(`${key} must be a list of texts`)
  return values
}
