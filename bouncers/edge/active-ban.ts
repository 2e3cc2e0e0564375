/** One decision that holds now, as the API tells it, and how hostile JSON becomes one. */
import { isRecord } from "./untrusted-json.ts"

export interface ActiveBan {
  /** Number or id of the decision, as text: what a person quotes. */
  readonly id: string
  readonly scope: string
  readonly value: string
  /** The remediation: `ban`, `captcha`, `throttle`… in lower case. */
  readonly type: string
  /** Milliseconds since 1970. */
  readonly until: number
  readonly scenario: string
  readonly origin: string
  readonly reason: string
}

/** What a `removed` entry names; without an id, every decision of this value and type is meant. */
export interface RemovedBan {
  readonly id: string | undefined
  readonly scope: string
  readonly value: string
  readonly type: string
}

/** Longer texts are no address and no name of anything. */
const longest = 1024

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.length <= longest ? value : undefined

const readId = (value: unknown): string | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) ? String(value) : text(value)

const readTime = (value: unknown): number | undefined => {
  const time = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN
  return Number.isFinite(time) ? time : undefined
}

/** Undefined when the entry is malformed: it is skipped and counted, the others count. Unknown fields are ignored. */
export const readBan = (entry: unknown): ActiveBan | undefined => {
  if (!isRecord(entry)) return undefined
  const id = readId(entry["id"])
  const scope = text(entry["scope"])
  const value = text(entry["value"])
  const type = text(entry["type"])
  const until = readTime(entry["until"])
  if (id === undefined || scope === undefined || value === undefined || !type || until === undefined) return undefined
  return {
    id,
    scope,
    value,
    type: type.toLowerCase(),
    until,
    scenario: text(entry["scenario"]) ?? "",
    origin: text(entry["origin"]) ?? "",
    reason: text(entry["reason"]) ?? ""
  }
}

/** Undefined when the entry is malformed. */
export const readRemoved = (entry: unknown): RemovedBan | undefined => {
  if (!isRecord(entry)) return undefined
  const scope = text(entry["scope"])
  const value = text(entry["value"])
  const type = text(entry["type"])
  if (scope === undefined || value === undefined || !type) return undefined
  return { id: readId(entry["id"]), scope, value, type: type.toLowerCase() }
}

/** The address or range of an allowlist entry; undefined when it is malformed. */
export const readAllowed = (entry: unknown): string | undefined => (isRecord(entry) ? text(entry["value"]) : undefined)
