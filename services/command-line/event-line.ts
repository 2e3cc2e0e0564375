/** An event in one readable line. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { printable } from "../../domain/text/printable.ts"
import { counted } from "./counted.ts"

const said = (event: TestudoEvent): string => {
  switch (event.type) {
    case "LogBatchAppended": {
      const { lines, path, range } = event.data
      return range.from === range.to
        ? `${path} is read from byte ${range.to} on`
        : `${counted(lines, "line")} of ${path}, bytes ${range.from} to ${range.to}`
    }
    case "OverflowRaised":
      return `${event.data.scenario.name}: ${event.data.source.scope} ${event.data.source.value}, ${counted(event.data.eventsCount, "event")}`
    case "DecisionMade":
      return `#${event.data.number} ${event.data.type} ${event.data.scope} ${event.data.value} for ${event.data.duration}, ${event.data.scenario}`
    case "DecisionRetracted":
      return `#${event.data.number} by ${event.data.by}${event.data.reason === "" ? "" : `: ${event.data.reason}`}`
    case "DecisionNumbered": {
      const { first, decisions } = event.data
      return decisions.length === 1 ? `#${first}` : `#${first} to #${first + decisions.length - 1}`
    }
    case "RulesetActivated":
      return `${counted(event.data.items.length, "item")}, ${event.data.hash.slice(0, 12)}`
    case "ContentRecorded":
      return `${event.data.hash.slice(0, 12)}, part ${event.data.part + 1} of ${event.data.parts}`
    case "NameResolved":
      return `${event.data.address}: ${event.data.name === "" ? event.data.outcome : event.data.name}`
    case "HostResolved": {
      const { host, addresses, outcome } = event.data
      return `${host}: ${addresses.length === 0 ? outcome : addresses.join(", ")}`
    }
    case "AllowlistReplaced":
      return `${event.data.name}, ${counted(event.data.entries.length, "entry", "entries")}`
    case "BouncerRegistered":
    case "BouncerDeleted":
      return event.data.name
    case "TimePassed":
      return event.data.at
    case "LeaseTaken":
    case "LeaseRenewed":
    case "LeaseReleased":
      return `${event.data.role} by ${event.data.node}`
    case "Unreadable":
      return `${event.data.type}: ${event.data.reason}`
    case "LossAccepted":
      return `by ${event.data.by}, behind position ${event.data.found.position}`
    case "EventsDropped":
      return `${event.data.events} of ${event.data.types.join(", ")}`
    case "StreamRewritten":
      return `up to revision ${event.data.through}`
    case "OffenderErased":
      return `by ${event.data.by}: ${counted(event.data.lines, "line")}, ${counted(event.data.events.length, "other event")}`
  }
}

/** `TIME  POSITION  STREAM@REVISION  TYPE  what it says`. */
export const eventLine = (event: TestudoEvent): string => {
  const time = new Date(event.recordedAt).toISOString()
  const place = `${event.stream}@${event.revision}`
  return printable(`${time}  ${String(event.position).padStart(8)}  ${place}  ${event.type}  ${said(event)}`)
}
