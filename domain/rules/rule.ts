/**
 * Rules as they are after reading: typed, defaults filled in, nothing compiled yet. Expressions and patterns are still
 * text with the place where they stand. The meaning of every key is that of CrowdSec's hub.
 */

/** Where a rule comes from. */
import type { Located } from "../document/report.ts"

export interface Origin {
  /** Path within the hub folder, `/`-separated: decides the order of parsers. */
  readonly path: string
  /** Path as the person knows it, for messages. */
  readonly file: string
  /** Index of the YAML document in its file. */
  readonly document: number
  /** SHA-256 of the whole file, lower-case hex. */
  readonly hash: string
  /** `version` where the hub's index or the rule names one, else "?". */
  readonly version: string
}

export type StaticTarget =
  | { readonly kind: "method"; readonly method: string }
  | { readonly kind: "parsed" | "meta" | "enriched"; readonly name: string }
  /** Dotted path as written, such as `evt.StrTime`. */
  | { readonly kind: "target"; readonly path: string }

export type StaticSource =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "expression"; readonly expression: Located }

export interface StaticRule {
  readonly target: StaticTarget
  readonly source: StaticSource
  /** Where the target stands. */
  readonly line: number
  readonly key: string
}

export interface GrokRule {
  /** `pattern` is inline text; `name` refers to a known pattern. */
  readonly pattern: { readonly kind: "pattern" | "name"; readonly text: Located }
  readonly input:
    | { readonly kind: "apply_on"; readonly field: string }
    | { readonly kind: "expression"; readonly expression: Located }
  readonly statics: ReadonlyArray<StaticRule>
}

export interface WhitelistRule {
  readonly reason: string
  readonly ips: ReadonlyArray<Located>
  readonly cidrs: ReadonlyArray<Located>
  readonly expressions: ReadonlyArray<Located>
}

export interface DataFile {
  readonly sourceUrl: string
  readonly destFile: string
  readonly type: "string" | "regexp" | "map" | "bots" | ""
  readonly line: number
}

export interface StashRule {
  readonly name: string
  readonly key: Located
  readonly value: Located
  readonly ttlNs: bigint
  readonly size: number
  readonly strategy: "LRU" | "LFU" | "ARC"
}

/** One parser or postoverflow node, or a child of one. */
export interface NodeRule {
  /** Document's name; `child-<parent>` for an unnamed child. */
  readonly name: string
  readonly line: number
  readonly filter: Located | undefined
  readonly onSuccess: "next_stage" | "continue"
  readonly patternSyntax: ReadonlyArray<{ readonly name: string; readonly pattern: Located }>
  readonly grok: GrokRule | undefined
  readonly whitelist: WhitelistRule | undefined
  readonly stash: ReadonlyArray<StashRule>
  readonly nodes: ReadonlyArray<NodeRule>
  readonly statics: ReadonlyArray<StaticRule>
  readonly data: ReadonlyArray<DataFile>
}

/** One YAML document below `parsers/` or `postoverflows/`. */
export interface ParserRule {
  readonly kind: "parsers" | "postoverflows"
  readonly origin: Origin
  /** Name of the directory below `parsers/`, such as `s01-parse`. */
  readonly stage: string
  readonly node: NodeRule
}

export type BucketType = "leaky" | "trigger" | "counter" | "conditional" | "bayesian"

export interface ScenarioRule {
  readonly kind: "scenarios"
  readonly origin: Origin
  readonly name: string
  readonly description: string
  readonly type: BucketType
  readonly filter: Located
  readonly groupBy: Located | undefined
  readonly distinct: Located | undefined
  readonly cancelOn: Located | undefined
  readonly overflowFilter: Located | undefined
  readonly condition: Located | undefined
  readonly scope: { readonly type: string; readonly expression: Located | undefined }
  /** -1: unlimited. */
  readonly capacity: number
  /** Nanoseconds; 0 when there is none. */
  readonly leakspeedNs: bigint
  readonly durationNs: bigint
  readonly blackholeNs: bigint
  readonly cacheSize: number
  readonly reprocess: boolean
  readonly bayesian:
    | {
        readonly prior: number
        readonly threshold: number
        readonly conditions: ReadonlyArray<{
          readonly condition: Located
          readonly probGivenEvil: number
          readonly probGivenBenign: number
          readonly guillotine: boolean
        }>
      }
    | undefined
  /** As written, YAML types kept; `remediation` counts only when it is the boolean true. */
  readonly labels: Readonly<Record<string, unknown>>
  readonly data: ReadonlyArray<DataFile>
}

/** One YAML document of a profiles file. */
export interface ProfileRule {
  readonly kind: "profiles"
  readonly origin: Origin
  readonly name: string
  /** OR'ed. */
  readonly filters: ReadonlyArray<Located>
  readonly decisions: ReadonlyArray<{
    readonly type: string
    /** Go duration text, days allowed, at least a millisecond; empty: the default of 4 h. */
    readonly duration: string
    readonly scope: string
    readonly origin: string
    readonly simulated: boolean
  }>
  readonly durationExpression: Located | undefined
  readonly onSuccess: "continue" | "break"
  readonly onError: "apply" | "continue" | "break" | "ignore" | ""
}

/** One YAML document below `contexts/`. */
export interface ContextRule {
  readonly kind: "contexts"
  readonly origin: Origin
  /** In the order written. */
  readonly entries: ReadonlyArray<{ readonly key: string; readonly expressions: ReadonlyArray<Located> }>
}

export type Rule = ParserRule | ScenarioRule | ContextRule | ProfileRule

/** What a rule calls itself; a context has no name. */
export const nameOfRule = (rule: Rule): string | undefined =>
  rule.kind === "contexts" ? undefined : "node" in rule ? rule.node.name : rule.name

/** A file as the loader found it; contents of data files stay bytes until they are used. */
export interface RuleFile {
  readonly kind: "parsers" | "postoverflows" | "scenarios" | "contexts" | "profiles" | "patterns" | "data"
  /** Path within the hub folder (`/`-separated), or for data the `dest_file`, or the pattern file's base name. */
  readonly path: string
  /** Path as the person knows it. */
  readonly file: string
  readonly version: string
  readonly content: Uint8Array
  /** SHA-256 of the content, lower-case hex, where the loader has it already. */
  readonly hash?: string
}
