import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { isIPv4, parseAddress } from "../../net/address.ts"
import type { Prefix } from "../../net/prefix.ts"
import { bitsOf, formatPrefix, maskAddress, parsePrefix, prefixContains } from "../../net/prefix.ts"
import { PrefixTable } from "../../net/prefix-table.ts"
import { limit } from "../limit.ts"
import { boolType, stringType } from "../type.ts"

const text = stringType

/** Ranges stand in rules and data files: the same few hundred again and again. */
const prefixes = new Map<string, Prefix>()

/** An address alone is no range here. */
const readRange = (range: string): Prefix | undefined => {
  const known = prefixes.get(range)
  if (known !== undefined) return known
  if (prefixes.size >= limit.prefixes) prefixes.clear()
  const prefix = range.includes("/") ? parsePrefix(range) : undefined
  // Only a real range is worth a place: any text may come in from a log line.
  if (prefix !== undefined) prefixes.set(range, prefix)
  return prefix
}

const isInRange = (address: string, range: string): boolean => {
  const prefix = readRange(range)
  const parsed = prefix === undefined ? undefined : parseAddress(address)
  return parsed !== undefined && prefixContains(prefix!, parsed)
}

const tables = new WeakMap<ReadonlyArray<unknown>, PrefixTable<true>>()

/** Whether any text of a list is a range with the address in it. The list is one that never changes, such as a file's. */
export const isInRanges = (address: string, ranges: ReadonlyArray<unknown>): boolean => {
  let table = tables.get(ranges)
  if (table === undefined) {
    table = new PrefixTable()
    for (const range of ranges) {
      const prefix = typeof range === "string" && range.includes("/") ? parsePrefix(range) : undefined
      if (prefix !== undefined) table.add(prefix, true)
    }
    tables.set(ranges, table)
  }
  const parsed = parseAddress(address)
  return parsed !== undefined && table.contains(parsed)
}

const rangeOf = (address: string, mask: string): string => {
  const digits = mask.startsWith("/") ? mask.slice(1) : mask
  const parsed = parseAddress(address)
  const length = /^\+?\d{1,3}$/.test(digits) ? Number(digits) : -1
  if (parsed === undefined || length < 0 || length > bitsOf(parsed)) return ""
  return formatPrefix({ address: maskAddress(parsed, length), length })
}

export const netFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("IpInRange", [text, text], boolType, (_, address: string, range: string) => isInRange(address, range)),
  declare("IpToRange", [text, text], text, (_, address: string, mask: string) => rangeOf(address, mask)),
  declare("IsIP", [text], boolType, (_, address: string) => parseAddress(address) !== undefined),
  declare("IsIPV4", [text], boolType, (_, address: string) => {
    const parsed = parseAddress(address)
    return parsed !== undefined && isIPv4(parsed)
  }),
  declare("IsIPV6", [text], boolType, (_, address: string) => {
    const parsed = parseAddress(address)
    return parsed !== undefined && !isIPv4(parsed)
  })
]
