/** What is to be done with a request from an address. */
import { parseAddress } from "../../domain/net/address.ts"
import type { ActiveBan } from "./active-ban.ts"
import type { BanSet } from "./ban-set.ts"

/** `unknown`: the set was never in step with the API, or the address is none. The bouncer's configuration decides. */
export type Verdict = "pass" | "unknown" | { readonly remediation: string; readonly decision: ActiveBan }

/** `now`: milliseconds since 1970. */
export const verdict = (set: BanSet, address: string, now: number): Verdict => {
  const parsed = parseAddress(address)
  if (parsed === undefined || !set.synced) return "unknown"
  const decision = set.find(parsed, now)
  return decision === undefined ? "pass" : { remediation: decision.type, decision }
}
