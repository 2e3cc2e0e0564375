import { longestReach } from "../grok/reach.ts"

/** Rules and log lines are hostile: what an expression may cost at most. Counted, never timed, so that runs agree. */
export const limit = {
  /** Characters of an expression; the longest of the hub has 43,435. */
  textLength: 131_072,
  nodes: 50_000,
  /** Nesting of a tree, a long `a || b || …` counted once. */
  depth: 200,
  /** Characters of a text that an expression builds. */
  resultLength: 1_048_576,
  /**
   * Characters that expressions write to one event, and that are read into it as JSON or pairs: 64 times what rules see of
   * the longest line, and four texts of the longest that one evaluation builds.
   */
  eventText: 4_194_304,
  /** Items of an array that an expression builds. */
  resultItems: 500_000,
  /** Comparisons of items that can only be compared with each other: when double ones are left out, or of all within two values. */
  comparisons: 500_000,
  /** Steps in which a text is compared with a pattern of `*` and `?`. */
  globSteps: 2_097_152,
  /** Items that the predicates and ranges of one evaluation go over. */
  steps: 500_000,
  /** Characters of text that count as one step, where a predicate makes calls repeat: of what a call gives. */
  charactersPerStep: 4,
  /** The same of a text that is only looked through. */
  charactersReadPerStep: 20,
  /** The same of JSON. */
  charactersParsedPerStep: 4,
  /** The same of XML and of a query, of which every part is written anew, and where each character is looked for among others. */
  charactersRewrittenPerStep: 1,
  /** Steps for each character that a pattern with repetitions sees; one that sees fewer characters takes more for each. */
  stepsPerMatchedCharacter: 16,
  /** Steps for compiling a pattern that is computed, and for each of its characters. */
  stepsPerPattern: 250,
  stepsPerPatternCharacter: 75,
  /** So many times the steps where it is not an ordinary one. */
  widePattern: 20,
  /** Characters of a text that a pattern sees. */
  patternText: longestReach,
  /** Steps for each directive of a format, and for each value that is written, also in a list or map. */
  stepsPerDirective: 8,
  stepsPerWrittenValue: 1,
  /** More of them for a text that is written byte by byte. */
  stepsPerBytes: 8,
  /** Places between the point and the last bit of a float that are a step more where its decimal digits are counted off. */
  binaryPlacesPerStep: 4,
  /** Characters of a pattern that is computed from the event. */
  computedPattern: 1_024,
  /** Computed patterns that one expression remembers. */
  patternCache: 64,
  /** Characters of the layout of a date, and of a date. */
  layoutLength: 128,
  dateLength: 128,
  /** Ranges of addresses that are remembered. */
  prefixes: 8_192,
  /** XML paths that are remembered, up to this many characters each. */
  xmlPaths: 1_024,
  xmlPathLength: 256,
  /** Nesting of JSON and XML that is read. */
  dataDepth: 256
} as const

/** For compiling a pattern that is computed, if it is an ordinary one. */
export const stepsOfPattern = (source: string): number =>
  limit.stepsPerPattern + source.length * limit.stepsPerPatternCharacter
