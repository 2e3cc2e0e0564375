/** What an event says, as a digest that does not depend on the store that keeps it: positions and times of recording aside. */
import { hash } from "node:crypto"
import { declarationOf } from "../../domain/events/catalogue.ts"
import type { Row } from "./row.ts"

/** JSON with sorted keys: stores may give them in another order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) =>
    typeof held === "object" && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([left], [right]) => (left < right ? -1 : 1)))
      : held
  )

/** The data with a digest in the place of its bytes: one store keeps them beside the JSON, the other in it. */
const plain = ({ type, data, bytes }: Row): unknown => {
  const value: unknown = JSON.parse(data)
  const key = declarationOf(type)?.bytes
  if (key === undefined || typeof value !== "object" || value === null)
    return bytes === null ? value : [value, hash("sha256", bytes)]
  const { [key]: inside, ...rest } = value as Record<string, unknown>
  const held = bytes ?? (typeof inside === "string" ? Buffer.from(inside, "base64") : undefined)
  return held === undefined ? value : { ...rest, [key]: hash("sha256", held) }
}

/** SHA-256 over stream, id, type, metadata and data, in hexadecimal. Revisions begin anew in a copy of a log that lost old events. */
export const contentDigest = (row: Row): string =>
  hash("sha256", canonical([row.stream, row.id, row.type, JSON.parse(row.metadata), plain(row)]))
