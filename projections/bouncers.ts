/** Who may ask for decisions: the registered bouncers and the hashes of their keys. */
import * as Schema from "effect/Schema"
import { Registration } from "../domain/events/bouncer.ts"
import { KnownIds } from "./known-ids.ts"
import type { Projection } from "./projection.ts"

export interface Bouncer {
  readonly name: string
  readonly keyHash: string
  /** When the store took the registration, in milliseconds since 1970. */
  readonly registeredAt: number
}

export interface Bouncers {
  readonly byName: Map<string, Bouncer>
  /** Names by key hash: a key may be shared, then deleting one bouncer leaves the others in. */
  readonly byHash: Map<string, Set<string>>
  readonly known: KnownIds
}

const Encoded = Schema.Struct({
  bouncers: Schema.Array(Schema.Struct({ ...Registration.fields, registeredAt: Schema.Number })),
  known: Schema.Array(Schema.String)
})
const decodeState = Schema.decodeUnknownSync(Encoded)

const remove = (state: Bouncers, name: string): void => {
  const known = state.byName.get(name)
  if (known === undefined) return
  state.byName.delete(name)
  const names = state.byHash.get(known.keyHash)
  names?.delete(name)
  if (names?.size === 0) state.byHash.delete(known.keyHash)
}

const add = (state: Bouncers, bouncer: Bouncer): void => {
  remove(state, bouncer.name)
  state.byName.set(bouncer.name, bouncer)
  const names = state.byHash.get(bouncer.keyHash)
  if (names === undefined) state.byHash.set(bouncer.keyHash, new Set([bouncer.name]))
  else names.add(bouncer.name)
}

/** The bouncer that a key's hash (lower-case hex SHA-512) belongs to: the one registered first when several share it. */
export const bouncerByHash = (state: Bouncers, keyHash: string): Bouncer | undefined => {
  const name = state.byHash.get(keyHash)?.values().next().value
  return name === undefined ? undefined : state.byName.get(name)
}

export const bouncers: Projection<Bouncers> = {
  name: "bouncers",
  version: 1,
  types: ["BouncerRegistered", "BouncerDeleted"],
  initial: () => ({ byName: new Map(), byHash: new Map(), known: new KnownIds() }),
  evolve: (state, event) => {
    if (event.type !== "BouncerRegistered" && event.type !== "BouncerDeleted") return state
    if (!state.known.learn(event.id)) return state
    if (event.type === "BouncerDeleted") remove(state, event.data.name)
    else add(state, { name: event.data.name, keyHash: event.data.keyHash, registeredAt: event.recordedAt })
    return state
  },
  encode: (state) => ({
    bouncers: [...state.byName.values()].map(({ name, keyHash, registeredAt }) => ({ name, keyHash, registeredAt })),
    known: [...state.known]
  }),
  decode: (json) => {
    const encoded = decodeState(json)
    const state: Bouncers = { byName: new Map(), byHash: new Map(), known: new KnownIds(encoded.known) }
    for (const bouncer of encoded.bouncers) add(state, bouncer)
    return state
  }
}
