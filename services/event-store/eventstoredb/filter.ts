/** An event filter, split into what the server looks at and what is looked at here. */
import type { Filter } from "@kurrent/kurrentdb-client"
import { catalogue } from "../../../domain/events/catalogue.ts"
import type { EventFilter } from "../event-store.ts"
import { isKnown } from "../kinds.ts"
import type { ServerEvent } from "./recorded.ts"

export interface SplitFilter {
  readonly server: Filter
  /** What the server does not look at. */
  readonly passes: (event: ServerEvent) => boolean
}

const escaped = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, "\\$&")

const withTypes = (types: ReadonlyArray<string>): Filter =>
  ({ filterOn: "eventType", regex: `^(?:${types.map(escaped).join("|")})$`, checkpointInterval: 1 }) as Filter

/** Undefined when nothing can pass. System events never do: their types are not in the catalogue. */
export const splitFilter = ({ types, streamPrefixes }: EventFilter): SplitFilter | undefined => {
  const known = (types ?? Object.keys(catalogue)).filter(isKnown)
  if (known.length === 0) return undefined
  if (streamPrefixes === undefined) return { server: withTypes(known), passes: () => true }
  const prefixes = streamPrefixes.filter((prefix) => prefix.isWellFormed())
  if (prefixes.length === 0) return undefined
  if (prefixes.includes("")) return { server: withTypes(known), passes: () => true }
  const wanted = new Set(known)
  return {
    server: { filterOn: "streamName", prefixes, checkpointInterval: 1 } as Filter,
    passes: ({ type }) => wanted.has(type)
  }
}
