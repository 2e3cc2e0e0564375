/** `whitelist` of a node: whom never to punish. */
import { parseAddress } from "../../net/address.ts"
import { type Prefix, parsePrefix, prefixContains, prefixOf } from "../../net/prefix.ts"
import type { Located } from "../../document/report.ts"
import type { WhitelistRule } from "../../rules/rule.ts"
import type { Compiler } from "../compiler.ts"
import { eventField } from "../event/event-field.ts"
import { attempt, failed, type Pass } from "../pass.ts"
import { OVFLW, type PipelineEvent } from "../event/pipeline-event.ts"

const sourceIp = eventField("Meta", "source_ip")

/** Whether the event is on the list. It marks an event that is; the first reason stands. */
export type Whitelist = (pass: Pass) => boolean

export const compileWhitelist = (rule: WhitelistRule, compiler: Compiler): Whitelist => {
  // Who is let off by one entry is not to be punished for a mistake in another one.
  const each = <A>(list: ReadonlyArray<Located>, compile: (at: Located) => A | undefined): ReadonlyArray<A> =>
    list.flatMap((at) => compiler.entry(() => compile(at)) ?? [])
  const prefixes = [
    ...each(rule.ips, (ip) => compileAddress(ip, compiler)),
    ...each(rule.cidrs, (cidr) => compilePrefix(cidr, compiler))
  ]
  const expressions = each(rule.expressions, (at) => compiler.expression(at, compiler.environment, "bool"))
  const covers = (text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && prefixes.some((prefix) => prefixContains(prefix, address))
  }
  const ofLine = (event: PipelineEvent) => covers(sourceIp.place.read(event))
  const coversLine = compiler.world.shortcuts ? compiler.world.answers(sourceIp).remembered(ofLine) : ofLine
  return (pass) => {
    const { evt } = pass
    let listed = prefixes.length > 0 && (evt.Type === OVFLW ? evt.ParseIPSources().some(covers) : coversLine(evt))
    for (let i = 0; !listed && i < expressions.length; i++) {
      const value = attempt(expressions[i]!, pass)
      if (value === true) listed = true
      else if (value !== false && value === failed) break
    }
    if (listed && !evt.Whitelisted) {
      evt.Whitelisted = true
      evt.WhitelistReason = rule.reason
      if (evt.Type === OVFLW) evt.Overflow.Whitelisted = true
    }
    return listed
  }
}

const compileAddress = (at: Located, compiler: Compiler): Prefix | undefined => {
  const address = parseAddress(at.text)
  if (address !== undefined) return prefixOf(address)
  compiler.error(
    "TST-RULE-ADDRESS",
    at,
    `"${at.text}" is no IP address; write one such as 192.0.2.1, and ranges under \`cidr\``
  )
  return undefined
}

const compilePrefix = (at: Located, compiler: Compiler): Prefix | undefined => {
  const prefix = at.text.includes("/") ? parsePrefix(at.text) : undefined
  if (prefix !== undefined) return prefix
  compiler.error(
    "TST-RULE-RANGE",
    at,
    `"${at.text}" is no range of addresses; write one such as 192.0.2.0/24, and single addresses under \`ip\``
  )
  return undefined
}
