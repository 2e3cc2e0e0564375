/**
 * How much of a text a pattern sees. Matching is linear in the text whatever it says, but the factor is the pattern's: it
 * is the number of its places at which a match may be under way at the same time. Attackers write the texts, so a
 * pattern with very many such places sees fewer characters than others, and a text costs about the same with all of them.
 */
import { includes } from "./character-set.ts"
import { nullable, type Syntax } from "./syntax.ts"

/** Characters that ordinary patterns see. */
export const longestReach = 8_192

/** Places at which matches may be under way all the time, before the reach shrinks. The hub's widest pattern has 62. */
const ordinaryCrowd = 64
/** The automaton takes about twice as long for a step as V8's linear engine. */
const ordinaryAutomatonCrowd = 32
/** Fewer characters are not worth matching: the pattern is refused. */
const shortestReach = 256

/** So many copies of a place stand one behind the other without mattering. */
const fewCopies = 16
/** Where many alternatives, or many parts that may be missing, follow each other, all are tried at every character. */
const fewBranches = 64
/** So many of them cost as much as one loop. */
const branchesPerLoop = 2

/** undefined: the pattern is too large to be matched at all. */
export const reachOf = (syntax: Syntax, engine: "v8" | "automaton"): number | undefined => {
  const most = engine === "v8" ? ordinaryCrowd : ordinaryAutomatonCrowd
  const reach = Math.floor((longestReach * most) / Math.max(most, crowdOf(syntax)))
  return reach < shortestReach ? undefined : reach
}

/** What to tell the person who wrote the pattern. */
export const shortSighted = (reach: number): string =>
  `the pattern has so many repetitions or alternatives that it looks at the first ${reach} characters of a text only (others: ${longestReach}); use fewer of them`

const ascii = 128

/**
 * The most places that one character keeps busy: what stands in loops and takes this character. In a text that repeats
 * it, a match may be under way at each of them, whatever came before.
 */
const crowdOf = (syntax: Syntax): number => {
  /** By character; the last one stands for all beyond ASCII. */
  const busy = new Float64Array(ascii + 1)
  count(syntax, 1, false, busy)
  return busy.reduce((most, each) => Math.max(most, each), 0)
}

/** `copies`: what the counted repetitions around it make of it. `loops`: whether it stands in an endless one. */
const count = (syntax: Syntax, copies: number, loops: boolean, busy: Float64Array): void => {
  switch (syntax.kind) {
    case "empty":
    case "assertion":
      return
    case "set":
      if (loops || copies > fewCopies) add(syntax, copies, busy)
      return
    case "sequence":
      for (const item of syntax.items) count(item, copies, loops, busy)
      addBranches(longestRow(syntax.items, nullable), copies, busy)
      if (!loops && copies <= fewCopies) countRuns(syntax.items, copies, busy)
      return
    case "choice":
      for (const item of syntax.items) count(item, copies, loops, busy)
      return addBranches(syntax.items.length, copies, busy)
    case "capture":
      return count(syntax.item, copies, loops, busy)
    case "repeat": {
      const { item, min, max } = syntax
      const endless = max === Number.POSITIVE_INFINITY
      const all = copies * Math.max(1, endless ? min : max)
      // A row of single characters is stepped through without any choice.
      if (item.kind === "set" && !loops && !endless)
        return count(item, all > fewCopies ? all / 4 : 1, all > fewCopies, busy)
      return count(item, all, loops || endless, busy)
    }
  }
}

const addBranches = (branches: number, copies: number, busy: Float64Array): void => {
  if (branches <= fewBranches) return
  for (let at = 0; at < busy.length; at++) busy[at]! += (copies * branches) / branchesPerLoop
}

/** How many items that are so follow each other at most. */
const longestRow = (items: ReadonlyArray<Syntax>, is: (item: Syntax) => boolean): number => {
  let row = 0
  let longest = 0
  for (const item of items) {
    row = is(item) ? row + 1 : 0
    if (row > longest) longest = row
  }
  return longest
}

/** A long row of characters that one character satisfies is a counted repetition, written out. */
const countRuns = (items: ReadonlyArray<Syntax>, copies: number, busy: Float64Array): void => {
  for (let begin = 0; begin < items.length; ) {
    let end = begin
    const first = items[begin]!
    while (end < items.length && first.kind === "set" && sameSet(first, items[end]!)) end++
    const run = copies * (end - begin)
    if (first.kind === "set" && run > fewCopies) add(first, run / 4, busy)
    begin = Math.max(end, begin + 1)
  }
}

type SetSyntax = Extract<Syntax, { kind: "set" }>

/** The parser shares the sets of equal characters and brackets. */
const sameSet = (one: SetSyntax, other: Syntax): boolean => other.kind === "set" && other.set === one.set

const add = ({ set }: SetSyntax, weight: number, busy: Float64Array): void => {
  for (let code = 0; code < ascii; code++) if (includes(set, code)) busy[code]! += weight
  if (set.length > 0 && set[set.length - 1]! >= ascii) busy[ascii]! += weight
}
