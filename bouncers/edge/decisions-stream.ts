/** One answer of CrowdSec's `GET /v1/decisions/stream` (wire specification, 1.7), turned into entries of a ban set. */
import { nanosecondsPerMillisecond, parseDuration } from "../../domain/time/duration.ts"
import { isRecord, listOf } from "./untrusted-json.ts"

export interface DecisionsStream {
  /** Entries for `BanSet.add`, their durations turned into times. */
  readonly added: ReadonlyArray<unknown>
  /** Entries for `BanSet.remove`; without ids, because the API may name a twin's. */
  readonly removed: ReadonlyArray<unknown>
  readonly malformed: number
}

/** Lists may be null. `now` in milliseconds since 1970: the durations count from then. */
export const readDecisionsStream = (body: Readonly<Record<string, unknown>>, now: number): DecisionsStream => {
  const added: Array<unknown> = []
  const removed: Array<unknown> = []
  let malformed = 0
  for (const entry of listOf(body["new"])) {
    const duration = isRecord(entry) ? entry["duration"] : undefined
    const remaining = typeof duration === "string" ? parseDuration(duration) : undefined
    if (remaining === undefined) malformed += 1
    else added.push({ ...(entry as object), until: now + Number(remaining / nanosecondsPerMillisecond) })
  }
  for (const entry of listOf(body["deleted"])) {
    if (isRecord(entry)) removed.push({ scope: entry["scope"], value: entry["value"], type: entry["type"] })
    else malformed += 1
  }
  return { added, removed, malformed }
}
