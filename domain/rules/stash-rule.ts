/** One item of `stash`: a value of this line, kept for a later one. */
import {
  choice,
  defaulted,
  duration,
  integer,
  located,
  mapping,
  placeOf,
  refined,
  required,
  text
} from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import type { StashRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

const written = mapping({
  name: required(text),
  key: required(located),
  value: required(located),
  ttl: required(duration),
  size: defaulted(integer({ least: 0, most: 1_000_000 }), 0),
  strategy: defaulted(choice("LRU", "LFU", "ARC", ""), "LRU")
})

export const stashRule: Reader<StashRule> = refined(written, (stash, field, report) => {
  if (stash.ttl === 0n) {
    const message = "`ttl` must be longer than 0: the time that a value is kept, such as `1m`"
    return report.error(ruleCodes.wrongValue, placeOf(field, "ttl"), message)
  }
  const { name, key, value, ttl, size, strategy } = stash
  return { name, key, value, ttlNs: ttl, size: size === 0 ? 100 : size, strategy: strategy === "" ? "LRU" : strategy }
})
