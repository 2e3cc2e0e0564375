/** One document below `contexts/`: what an alert tells about the events that it rests on, key by key. */
import { anything, dictionary, list, located, mapping, optional, refined, required } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import type { ContextRule } from "./rule.ts"

const keys = mapping({
  context: required(dictionary(list(located))),
  name: optional(anything),
  description: optional(anything),
  author: optional(anything),
  references: optional(anything),
  version: optional(anything)
})

export const contextRule: Reader<Pick<ContextRule, "entries">> = refined(keys, ({ context }) => ({
  entries: Array.from(context, ([key, expressions]) => ({ key, expressions }))
}))
