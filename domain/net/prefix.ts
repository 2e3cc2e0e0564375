import { type Address, formatAddress, type IPv6Address, isIPv4, parseAddress } from "./address.ts"

/** A range of addresses that share their first bits (CIDR). */
export interface Prefix {
  /** The first address of the range: all bits after the shared ones are 0. */
  readonly address: Address
  /** Number of shared bits: 0 to 32, or to 128. */
  readonly length: number
}

const mappedBits = 96

/** The first so many of 32 bits, of fewer than none or more than all too. */
const mask = (word: number, bits: number): number =>
  bits <= 0 ? 0 : bits >= 32 ? word : (word & (-1 << (32 - bits))) >>> 0

/** The address with all but its first bits cleared. */
export const maskAddress = (address: Address, length: number): Address =>
  isIPv4(address)
    ? mask(address, length)
    : {
        a: mask(address.a, length),
        b: mask(address.b, length - 32),
        c: mask(address.c, length - 64),
        d: mask(address.d, length - 96)
      }

/** How many bits an address has: 32 or 128. */
export const bitsOf = (address: Address): number => (isIPv4(address) ? 32 : 128)

/** The prefix that an address alone makes. */
export const prefixOf = (address: Address): Prefix => ({ address, length: bitsOf(address) })

/** Whether the prefix is a single address. */
export const isHost = ({ address, length }: Prefix): boolean => length === bitsOf(address)

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32`, and an address alone as /32 or /128. Bits after the prefix are cleared. A prefix
 * of IPv4-mapped addresses is the IPv4 prefix that it means. undefined for everything else.
 */
export const parsePrefix = (text: string): Prefix | undefined => {
  const slash = text.indexOf("/")
  const addressText = slash < 0 ? text : text.slice(0, slash)
  const address = parseAddress(addressText)
  if (address === undefined) return undefined
  if (slash < 0) return prefixOf(address)
  const digits = text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined
  const written = Number(digits)
  if (!isIPv4(address)) return written > 128 ? undefined : { address: maskAddress(address, written), length: written }
  if (!addressText.includes(":")) return written > 32 ? undefined : { address: mask(address, written), length: written }
  if (written > 128) return undefined
  if (written >= mappedBits) {
    return { address: mask(address, written - mappedBits), length: written - mappedBits }
  }
  const mapped: IPv6Address = { a: 0, b: 0, c: 0xffff, d: address }
  return { address: maskAddress(mapped, written), length: written }
}

/** Canonical text, always with a length: `192.0.2.0/24`, `192.0.2.1/32`. */
export const formatPrefix = (prefix: Prefix): string => `${formatAddress(prefix.address)}/${prefix.length}`

/** Whether the address lies in the range. One of IPv4 never lies in one of IPv6. */
export const prefixContains = ({ address: first, length }: Prefix, address: Address): boolean => {
  if (isIPv4(first)) return isIPv4(address) && mask(address, length) === first
  return (
    !isIPv4(address) &&
    mask(address.a, length) === first.a &&
    mask(address.b, length - 32) === first.b &&
    mask(address.c, length - 64) === first.c &&
    mask(address.d, length - 96) === first.d
  )
}

/** Whether all addresses of the second range lie in the first. */
export const prefixContainsPrefix = (outer: Prefix, inner: Prefix): boolean =>
  outer.length <= inner.length && prefixContains(outer, inner.address)
