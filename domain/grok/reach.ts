/**
 * How much of a text a pattern sees. Matching is linear in the text whatever it says, but the factor is the pattern's: it
 * is the number of its places at which a match may be under way at the same time. Attackers write the texts, so a
 * pattern with very many such places sees fewer characters than others, and a text costs about the same with all of them.
 * The numbers below were measured with `npm run attack` and hold for both engines within a factor of two.
 */
import { type CharacterSet, includes } from "./character-set.ts"
import { nullable, type Syntax } from "./syntax.ts"
import { spacingBefore } from "./spacing.ts"

/** Characters that ordinary patterns see: the beginning of a text only, which bounds what one match can cost. */
export const longestReach = 8_192

/** Fewer characters are not worth matching: the pattern is refused. */
const shortestReach = 256

/** What an engine takes for the places of a pattern, in loops: what it takes to step through one loop once. */
interface Engine {
  /** So many loops may be under way all the time before the reach shrinks. */
  readonly ordinary: number
  /** For a single character of a row, which is stepped through without any choice. */
  readonly place: number
  /** The same where its set takes characters beyond ASCII. */
  readonly widePlace: number
  /** For one that may be missing. */
  readonly optionalPlace: number
  /** For a round of a counted group that may be missing, or such a part: where the one before ends, it is entered and passed. */
  readonly optionalRound: number
  /** For each range of a set that has many. */
  readonly range: number
  /** The same of a range of characters that UTF-16 makes two of. */
  readonly astralRange: number
}

/**
 * V8's linear engine tries the ranges of a set in turn, characters that UTF-16 makes two of as alternatives; one that may
 * be missing is a choice and a step. The hub's widest pattern has 62 loops.
 */
export const v8: Engine = {
  ordinary: 64,
  place: 1 / 4,
  widePlace: 4 / 3,
  optionalPlace: 2,
  optionalRound: 2,
  range: 1 / 4,
  astralRange: 2
}

/** The automaton takes twice as long for a loop, and a moment for any set. */
export const ownAutomaton: Engine = {
  ordinary: 32,
  place: 0.4,
  widePlace: 0.4,
  optionalPlace: 0.65,
  optionalRound: 0.65,
  range: 0,
  astralRange: 0
}

/** At how many places of a pattern matches may be under way all the time, in loops of the engine. */
export const crowdOf = (syntax: Syntax, engine: Engine): number => new Crowd(syntax, engine).most()

/** Characters that it sees with this engine; 0: it is too large to be matched at all. */
export const reachOf = (crowd: number, { ordinary }: Engine): number => {
  const reach = Math.floor((longestReach * ordinary) / Math.max(ordinary, crowd))
  return reach < shortestReach ? 0 : reach
}

/** What to tell the person who wrote the pattern. */
export const shortSighted = (reach: number): string =>
  `the pattern has so many repetitions or alternatives that it sees only the first ${reach} characters of a text (others see ${longestReach}); use fewer of them`

/** So many places one behind the other do not matter, for a match is soon past them. */
const fewCopies = 16
/** Fewer alternatives, or parts that may be missing, in a row cost little; of more, each costs as much as a loop. */
const fewBranches = 64
/** Fewer ranges of a set cost little. */
const fewRanges = 16
/** In loops and captures within so many others, each round passes the ends of all of them. */
const fewLoops = 3
const loopEnds = 3

const ascii = 128

/** What stands around a place of the pattern. */
interface Around {
  /** What counted repetitions make of it. */
  readonly copies: number
  /** Whether it stands in an endless repetition. */
  readonly endless: boolean
  /** Repetitions around it, and captures within those. */
  readonly loops: number
}

/**
 * The places that one character keeps busy: what stands in loops or long rows and takes it. In a text that repeats the
 * character, a match may be under way at each of them, whatever came before. By character; the last number stands for all
 * beyond ASCII.
 */
class Crowd {
  readonly #busy = new Float64Array(ascii + 1)
  readonly #engine: Engine

  constructor(syntax: Syntax, engine: Engine) {
    this.#engine = engine
    this.#count(syntax, { copies: 1, endless: false, loops: 0 })
  }

  most(): number {
    return this.#busy.reduce((most, busy) => Math.max(most, busy), 0)
  }

  #count(syntax: Syntax, around: Around): void {
    const { copies } = around
    switch (syntax.kind) {
      case "empty":
      case "assertion":
        return
      case "set":
        this.#countSequence([syntax], around)
        return
      case "capture":
        // In a loop, its ends are noted in every round.
        this.#count(syntax.item, { ...around, loops: around.loops + (around.loops > 0 ? 1 : 0) })
        return
      case "choice":
        for (const item of syntax.items) this.#count(item, around)
        this.#addBranches(syntax.items.length * copies)
        return
      case "sequence":
        this.#countSequence(syntax.items, around)
        this.#addBranches(longestRow(syntax.items, nullable) * copies)
        this.#addOptionalParts(longestRow(syntax.items, isOptional) * copies)
        return
      case "repeat": {
        if (rowOf(syntax) !== undefined) {
          this.#countSequence([syntax], around)
          return
        }
        const endless = syntax.max === Number.POSITIVE_INFINITY
        const rounds = Math.max(1, endless ? syntax.min : syntax.max)
        const loops = around.loops + (rounds > 1 || endless ? 1 : 0)
        // In a counted group a match enters a loop at any character, so that the rounds before its endless one are busy too.
        const first = endless && syntax.min > 0 && copies > fewCopies ? 1 : 0
        this.#count(syntax.item, { copies: copies * (rounds + first), endless: around.endless || endless, loops })
        if (!endless && rounds > 1) this.#addOptional((syntax.max - syntax.min) * copies)
      }
    }
  }

  /** What follows each other and takes the same character forms a row, for each character another one. */
  #countSequence(items: ReadonlyArray<Syntax>, around: Around): void {
    for (const item of items) {
      const row = rowOf(item)
      if (row !== undefined) this.#addRanges(row.set, row.length * around.copies)
      else if (item.kind !== "assertion") this.#count(item, around)
    }
    if (mayMatter(items, around)) this.#addRows(items, around)
  }

  #addRows(items: ReadonlyArray<Syntax>, around: Around): void {
    const { copies, endless } = around
    const rows = items.map(rowOf)
    const taken = rows.map((row) => (row === undefined ? none : charactersOf(row.set)))
    // Whoever is in a loop comes to its rows by more than one way.
    const spacing = endless || copies > 1 ? () => 1 : remembering((at) => spacingBefore(items, at))
    for (let code = 0; code <= ascii; code++) {
      for (let at = 0; at < rows.length; at++) {
        const first = at
        const run = { length: 0, optional: 0, wide: 0 }
        for (; at < rows.length && taken[at]![code] === 1; at++) lengthen(run, rows[at]!, taken[at]![ascii] === 1)
        const weight = run.length === 0 ? 0 : weightOf(run, around, this.#engine)
        if (weight > 0) this.#busy[code]! += weight / spacing(first)
      }
    }
  }

  /** Few of them in a row are passed soon; more cost what as many branches do. */
  #addOptionalParts(parts: number): void {
    if (parts > fewCopies && parts <= fewBranches) this.#addOptional(parts)
  }

  #addOptional(rounds: number): void {
    this.#addEverywhere(rounds * this.#engine.optionalRound)
  }

  #addBranches(branches: number): void {
    if (branches > fewBranches) this.#addEverywhere(branches)
  }

  #addRanges(set: CharacterSet, copies: number): void {
    const ranges = set.length / 2
    if (ranges <= fewRanges) return
    const plain = set.findIndex((bound) => bound > 0xffff)
    const astral = plain < 0 ? 0 : ranges - Math.floor(plain / 2)
    this.#addEverywhere(copies * ((ranges - astral) * this.#engine.range + astral * this.#engine.astralRange))
  }

  #addEverywhere(weight: number): void {
    for (let at = 0; at < this.#busy.length; at++) this.#busy[at]! += weight
  }
}

/** The same answer for the same number, found once. */
const remembering = (find: (at: number) => number): ((at: number) => number) => {
  const known = new Map<number, number>()
  return (at) => {
    const found = known.get(at) ?? find(at)
    known.set(at, found)
    return found
  }
}

/** Of a row that takes one character: its places, those that may be missing, and the others that take any character. */
interface Run {
  length: number
  optional: number
  wide: number
}

const lengthen = (run: Run, { length, optional }: Row, isWide: boolean): void => {
  run.length += length
  run.optional += optional
  if (isWide) run.wide += length - optional
}

/** Most sequences hold less than makes any row count. */
const mayMatter = (items: ReadonlyArray<Syntax>, { copies, endless }: Around): boolean =>
  endless ||
  copies > fewCopies ||
  items.reduce((length, item) => length + (rowOf(item)?.length ?? 0), 0) * copies > fewCopies

const weightOf = ({ length, optional, wide }: Run, { copies, endless, loops }: Around, engine: Engine): number => {
  const loop = endless || copies > fewCopies
  if (!loop && length * copies <= fewCopies) return 0
  const choices = optional * copies * engine.optionalPlace
  if (loop) return Math.max(length * copies, choices) * (loops > fewLoops ? loopEnds * loops : 1)
  return choices + copies * wide * engine.widePlace + copies * (length - optional - wide) * engine.place
}

/** Whether it is more than a row of characters, and may be missing. */
const isOptional = (syntax: Syntax): boolean =>
  syntax.kind === "repeat" && syntax.min === 0 && syntax.max === 1 && rowOf(syntax) === undefined

/** What is nothing but characters of one set, how many at most, and how many of them may be missing. */
interface Row {
  readonly set: CharacterSet
  readonly length: number
  readonly optional: number
}

const rowOf = (syntax: Syntax): Row | undefined => {
  if (syntax.kind === "set") return { set: syntax.set, length: 1, optional: 0 }
  if (syntax.kind === "capture") return rowOf(syntax.item)
  if (syntax.kind !== "repeat" || syntax.max === Number.POSITIVE_INFINITY) return undefined
  const row = rowOf(syntax.item)
  if (row === undefined) return undefined
  const length = row.length * Math.max(1, syntax.max)
  return { set: row.set, length, optional: length - (row.length - row.optional) * syntax.min }
}

/** The parser shares sets, so that few are looked through. */
const known = new WeakMap<CharacterSet, Uint8Array>()

/** No character at all. */
const none = new Uint8Array(ascii + 1)

/** 1 for each character that a set takes; {@link ascii} stands for any beyond. */
const charactersOf = (set: CharacterSet): Uint8Array => {
  const found = known.get(set)
  if (found !== undefined) return found
  const taken = Uint8Array.from(none, (_, code) => (code < ascii && includes(set, code) ? 1 : 0))
  if (set.length > 0 && set[set.length - 1]! >= ascii) taken[ascii] = 1
  known.set(set, taken)
  return taken
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
