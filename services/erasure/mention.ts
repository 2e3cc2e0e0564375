/** Where a text speaks of somebody: of an address in any of its spellings, or of another value as a word of its own. */
import { formatAddress, parseAddress } from "../../domain/net/address.ts"
import { formatPrefix, parsePrefix } from "../../domain/net/prefix.ts"

export interface Mention {
  /** The value as a store knows it. */
  readonly value: string
  /** Whether the text speaks of it. */
  readonly isIn: (text: string) => boolean
  /** The text with another word in its place. */
  readonly replaced: (text: string, word: string) => string
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

/** Anything that could be an IPv6 address; what it is, parsing tells. */
const ipv6Like = /(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*/g

const byPattern = (value: string, pattern: RegExp): Mention => ({
  value,
  isIn: (text) => text.search(pattern) >= 0,
  replaced: (text, word) => text.replace(pattern, word)
})

const ipv6 = (value: string): Mention => {
  const isIt = (found: string): boolean => {
    for (let end = found.length; end > 2; end--) {
      const address = parseAddress(found.slice(0, end))
      if (address !== undefined) return formatAddress(address) === value
      // A stop or colon may belong to the sentence.
      if (!".:".includes(found[end - 1]!)) return false
    }
    return false
  }
  return {
    value,
    isIn: (text) => text.match(ipv6Like)?.some(isIt) === true,
    replaced: (text, word) => text.replace(ipv6Like, (found) => (isIt(found) ? word : found))
  }
}

/** As a word of its own: an address within a longer name, or a name within another, is somebody else. */
const asWord = (value: string): Mention =>
  byPattern(value, new RegExp(`(?<![\\p{L}\\p{N}_.-])${escaped(value)}(?![\\p{L}\\p{N}_-])`, "gu"))

/** @param value an address in any spelling, a range, or any other value */
export const mentionOf = (value: string): Mention => {
  const address = parseAddress(value)
  if (address === undefined) {
    const range = value.includes("/") ? parsePrefix(value) : undefined
    return asWord(range === undefined ? value : formatPrefix(range))
  }
  const text = formatAddress(address)
  if (text.includes(":")) return ipv6(text)
  return byPattern(text, new RegExp(`(?<![0-9]|[0-9]\\.)${escaped(text)}(?![0-9]|\\.[0-9])`, "g"))
}
