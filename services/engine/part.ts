/**
 * Which part of the detection an engine does where several nodes share one log, and so which events it follows. Every
 * event concerns an engine or not by what it says itself, so that its fold is the same whenever the log is read.
 *
 * - `agent`: its own logs, by the rules of its own. Overflows to be poured again it leaves to the `api` node.
 * - `api`: the meta-buckets: the overflows that agents leave to it, from all of them, in the order of the log.
 * - `all`: both in one engine, which pours its own overflows again at once.
 */
import { AllowlistReplaced } from "../../domain/events/allowlist.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { HostResolved } from "../../domain/events/host-resolved.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { RulesetActivated } from "../../domain/events/ruleset.ts"
import {
  logStreamsOf,
  namesStream,
  nodeOf,
  offenderStreams,
  rulesetStream,
  timeStream
} from "../../domain/events/stream-name.ts"
import { TimePassed } from "../../domain/events/time-passed.ts"
import type { EventFilter } from "../event-store/event-store.ts"

export type Role = "agent" | "api" | "all"

export interface Part {
  readonly role: Role
  /** Name of the node whose logs it follows; undefined for the only node of a store. */
  readonly node: string | undefined
  /** Other nodes write to this log as well. */
  readonly shared: boolean
}

/** The whole of the detection, by the only node of a store. */
export const whole: Part = { role: "all", node: undefined, shared: false }

/** The name of the agent whose rules and time are its own; undefined where those of the instance count. */
const agentOf = ({ role, node }: Part): string | undefined => (role === "agent" ? node : undefined)

export const rulesetStreamOf = (part: Part): string => rulesetStream(agentOf(part))
export const timeStreamOf = (part: Part): string => timeStream(agentOf(part))

/** Name of its snapshot. Another part's snapshot is of no use to it. */
export const snapshotOf = ({ role, node }: Part): string =>
  ["engine", ...(role === "all" ? [] : [role]), ...(node === undefined || role === "api" ? [] : [node])].join("-")

/** What to subscribe to. It may give more than concerns the part: see {@link concerns}. */
export const followed = (part: Part): EventFilter => {
  // Decisions are among them because of those that people and other nodes make and retract.
  const types: Array<string> = [
    NameResolved.type,
    HostResolved.type,
    AllowlistReplaced.type,
    RulesetActivated.type,
    TimePassed.type,
    DecisionMade.type,
    DecisionRetracted.type
  ]
  if (part.role !== "api") types.push(LogBatchAppended.type)
  if (part.role !== "agent" && part.shared) types.push(OverflowRaised.type)
  if (part.node === undefined || part.role === "api") return { types }
  // The logs of all other nodes need not even be read.
  const streamPrefixes = [logStreamsOf(part.node), namesStream, "allowlist-", offenderStreams]
  return { types, streamPrefixes: [...streamPrefixes, rulesetStreamOf(part), timeStreamOf(part)] }
}

export const concerns = (part: Part, event: TestudoEvent): boolean => {
  switch (event.type) {
    case "LogBatchAppended":
      return part.role !== "api" && nodeOf(event.data.source) === part.node
    case "OverflowRaised":
      return part.role !== "agent" && event.data.reprocess !== undefined
    case "RulesetActivated":
      return event.stream === rulesetStreamOf(part)
    case "TimePassed":
      return event.stream === timeStreamOf(part)
    default:
      return true
  }
}
