/** What an event says, as a digest that does not depend on the store that keeps it: positions and times of recording aside. */
import { hash } from "node:crypto"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { withBytes } from "./proposal.ts"

/** JSON with sorted keys: stores may give them in another order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) =>
    typeof held === "object" && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([left], [right]) => (left < right ? -1 : 1)))
      : held
  )

/** SHA-256 over stream, id, type, metadata and data, in hexadecimal. Revisions begin anew in a copy of a log that lost old events. */
export const contentDigest = ({ stream, id, type, metadata, data }: TestudoEvent): string => {
  const bytes = (data as { readonly body?: unknown }).body
  const plain = bytes instanceof Uint8Array ? withBytes(type, data, hash("sha256", bytes)) : data
  return hash("sha256", canonical([stream, id, type, metadata, plain]))
}
