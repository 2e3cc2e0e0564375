/** An event filter, split into what the server looks at and what is looked at here. */
import type { Filter } from "@kurrent/kurrentdb-client"
import { catalogue } from "../../../domain/events/catalogue.ts"
import type { EventFilter } from "../event-store.ts"
import { isKnown } from "../row.ts"

export interface SplitFilter {
  readonly server: Filter
  /** Whether events of this type are meant: the server looks at the streams' names instead when it has to. */
  readonly isWanted: (type: string) => boolean
  /** Whether streams of this name are meant. */
  readonly isOn: (stream: string) => boolean
}

/** Every event but those of the server and of this adapter, of whatever type. */
export const everything: SplitFilter = {
  server: { filterOn: "eventType", regex: "^[^$].*", checkpointInterval: 1 } as Filter,
  isWanted: (type) => !type.startsWith("$"),
  isOn: () => true
}

const escaped = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, "\\$&")

const withTypes = (types: ReadonlyArray<string>): Filter =>
  ({ filterOn: "eventType", regex: `^(?:${types.map(escaped).join("|")})$`, checkpointInterval: 1 }) as Filter

/** Undefined when nothing can pass. System events never do: their types are not in the catalogue. */
export const splitFilter = ({ types, streamPrefixes }: EventFilter): SplitFilter | undefined => {
  const known = new Set((types ?? Object.keys(catalogue)).filter(isKnown))
  if (known.size === 0) return undefined
  const isWanted = (type: string) => known.has(type)
  if (streamPrefixes === undefined || streamPrefixes.includes(""))
    return { server: withTypes([...known]), isWanted, isOn: () => true }
  const prefixes = streamPrefixes.filter((prefix) => prefix.isWellFormed())
  if (prefixes.length === 0) return undefined
  const server = { filterOn: "streamName", prefixes, checkpointInterval: 1 } as Filter
  return { server, isWanted, isOn: (stream) => prefixes.some((prefix) => stream.startsWith(prefix)) }
}
