/** What a decision is about: scopes and values in their canonical text. */
import { formatAddress } from "../net/address.ts"
import { formatPrefix, isHost, parsePrefix, type Prefix } from "../net/prefix.ts"

const known = new Map([
  ["ip", "Ip"],
  ["range", "Range"],
  ["as", "AS"],
  ["country", "Country"]
])

/** `Ip`, `Range`, `AS` and `Country` whatever their case; any other scope is as it is written. */
export const canonicalScope = (scope: string): string => known.get(scope.toLowerCase()) ?? scope

/** The addresses that a scope and value mean, or undefined for other scopes and for text that is no address or range. */
export const prefixFor = (scope: string, value: string): Prefix | undefined =>
  scope === "Ip" || scope === "Range" ? parsePrefix(value) : undefined

/**
 * The one text of a value: RFC 5952 for IPv6, ranges with the bits behind their length cleared, an address in the scope
 * `Range` as the range of that address. Values of other scopes stay as they are. `scope` is canonical.
 * `problem`: why it cannot be, and what to do, as a sentence for people.
 */
export const canonicalValue = (
  scope: string,
  value: string
): { readonly value: string } | { readonly problem: string } => {
  const text = value.trim()
  const shown = () => JSON.stringify(text.slice(0, 64))
  if (scope !== "Ip" && scope !== "Range")
    return text === "" ? { problem: `A value is missing for the scope ${scope}.` } : { value: text }
  const prefix = parsePrefix(text)
  if (scope === "Range")
    return prefix === undefined
      ? {
          problem: `${shown()} is not an address range. Write one in CIDR notation, such as 192.0.2.0/24 or 2001:db8::/32.`
        }
      : { value: formatPrefix(prefix) }
  if (prefix === undefined)
    return { problem: `${shown()} is not an IP address. Write one such as 192.0.2.1 or 2001:db8::1.` }
  return isHost(prefix)
    ? { value: formatAddress(prefix.address) }
    : {
        problem: `${shown()} is a range where an address is expected. Use the scope Range for it, or name one address.`
      }
}
