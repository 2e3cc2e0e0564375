/** `whitelist`: addresses, ranges and expressions that are never to be punished, and why. */
import { defaulted, listOfRight, located, mapping, refined, text } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import type { WhitelistRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

// Whoever is on the list is not to be punished for a slip in another entry.
const entries = defaulted(listOfRight(located), [])

const written = mapping({ reason: defaulted(text, ""), ip: entries, cidr: entries, expression: entries })

/** Undefined for one that lists nothing: it counts as none, as in CrowdSec. */
export const whitelistRule: Reader<WhitelistRule | undefined> = refined(written, (whitelist, field, report) => {
  const { reason, ip, cidr, expression } = whitelist
  if (ip.length + cidr.length + expression.length > 0) {
    return { reason, ips: ip, cidrs: cidr, expressions: expression }
  }
  const message = `\`${field.key}\` lists nothing; add \`ip\`, \`cidr\` or \`expression\``
  report.warning(ruleCodes.noEffect, field, message)
  return undefined
})
