/** `RulesetActivated` and `ContentRecorded`: which rules judged from here on, and their text. */
import * as Schema from "effect/Schema"
import { declareEvent, Sha256 } from "./event.ts"

export const RulesetItem = Schema.Struct({
  /** `parsers`, `postoverflows`, `scenarios`, `contexts`, `profiles`, `patterns` or `data`. */
  kind: Schema.String,
  /** Path within the hub folder (`parsers/s01-parse/crowdsecurity/sshd-logs.yaml`), or the data file's name. */
  path: Schema.String,
  name: Schema.String,
  version: Schema.String,
  hash: Sha256
})
export type RulesetItem = typeof RulesetItem.Type

export const Activation = Schema.Struct({
  /** Hash over all items, the engine's version and `names`. */
  hash: Sha256,
  engine: Schema.String,
  /** Whether reverse DNS is asked (`asked`), or every look-up counts as unanswered (`off`). Part of the hash. */
  names: Schema.Literals(["asked", "off"]),
  items: Schema.Array(RulesetItem)
})
export type Activation = typeof Activation.Type

/** On the stream `ruleset`. */
export const RulesetActivated = declareEvent({
  type: "RulesetActivated",
  version: 1,
  schema: Activation,
  stream: "ruleset",
  tells: "These rules judge from here on."
})

/** A piece of a rule's, pattern file's or data file's text, on the stream `content`; each hash is recorded once. */
export const Content = Schema.Struct({
  hash: Sha256,
  part: Schema.Int,
  parts: Schema.Int,
  encoding: Schema.Literal("zstd+base64"),
  body: Schema.String
})
export type Content = typeof Content.Type

export const ContentRecorded = declareEvent({
  type: "ContentRecorded",
  version: 1,
  schema: Content,
  stream: "content",
  tells: "A piece of a rule file or data file, once for each hash."
})
