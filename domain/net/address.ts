/**
 * IP addresses in a compact form. An IPv4 address is a number of 32 bits; an IPv6 address four such numbers. An
 * IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address that it means, so that a list with the one also
 * covers the other.
 */
export type Address = number | IPv6Address

/** Words from the left, each from 0 to 2^32 - 1. */
export interface IPv6Address {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

export const isIPv4 = (address: Address): address is number => typeof address === "number"

const longestText = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".length

/**
 * Reads what Go's `net.ParseIP` reads: four decimal numbers without leading zeros, or any form of RFC 4291 without a
 * zone. undefined for everything else.
 */
export const parseAddress = (text: string): Address | undefined => {
  if (text.length > longestText) return undefined
  return text.includes(":") ? parseIPv6(text) : parseIPv4(text, 0)
}

const dot = 0x2e
const colon = 0x3a

const parseIPv4 = (text: string, start: number): number | undefined => {
  let address = 0
  let octet = -1
  let octets = 1
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === dot) {
      if (octet < 0 || octets === 4) return undefined
      address = address * 256 + octet
      octet = -1
      octets++
      continue
    }
    // A leading zero is octal to some readers and decimal to others.
    if (code < 0x30 || code > 0x39 || octet === 0) return undefined
    octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
    if (octet > 255) return undefined
  }
  return octets === 4 && octet >= 0 ? address * 256 + octet : undefined
}

const hexDigit = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

const parseIPv6 = (text: string): Address | undefined => {
  const groups: Array<number> = []
  /** Number of groups before `::`. */
  let gap = -1
  let at = 0
  if (text.startsWith("::")) {
    gap = 0
    at = 2
  }
  while (at < text.length) {
    if (groups.length === 8) return undefined
    const start = at
    let group = 0
    for (; at < text.length && at - start < 5; at++) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0) break
      group = group * 16 + digit
    }
    if (at === start || at - start > 4) return undefined
    const code = text.charCodeAt(at)
    if (code === dot) {
      const embedded = parseIPv4(text, start)
      if (embedded === undefined || groups.length > 6) return undefined
      groups.push(embedded >>> 16, embedded & 0xffff)
      break
    }
    groups.push(group)
    if (at === text.length) break
    if (code !== colon) return undefined
    at++
    if (text.charCodeAt(at) === colon) {
      if (gap >= 0) return undefined
      gap = groups.length
      at++
    } else if (at === text.length) return undefined
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0))
  return fromWords(word(groups, 0), word(groups, 2), word(groups, 4), word(groups, 6))
}

const word = (groups: ReadonlyArray<number>, at: number): number => groups[at]! * 65_536 + groups[at + 1]!

const fromWords = (a: number, b: number, c: number, d: number): Address =>
  a === 0 && b === 0 && c === 0xffff ? d : { a, b, c, d }

/** Canonical text: dotted decimal, or RFC 5952. Equal addresses have equal texts. */
export const formatAddress = (address: Address): string => {
  if (isIPv4(address)) {
    return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`
  }
  const groups = [address.a, address.b, address.c, address.d].flatMap((each) => [each >>> 16, each & 0xffff])
  const { start, length } = longestRunOfZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(":")
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`
}

const longestRunOfZeros = (groups: ReadonlyArray<number>): { readonly start: number; readonly length: number } => {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === 0) end++
    if (end - start > longest.length) longest = { start, length: end - start }
    start = end
  }
  return longest
}
