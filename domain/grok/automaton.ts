import { type CharacterSet, includes, WORD } from "./character-set.ts"
import type { Assertion, Syntax } from "./syntax.ts"

/** Captured texts by index (0: the whole match), and where the match begins. */
export type PatternMatch = ReadonlyArray<string | undefined> & { readonly index: number }

type Instruction =
  | { readonly op: "set"; readonly has: (codePoint: number) => boolean }
  | { readonly op: "assert"; readonly at: Assertion }
  | { readonly op: "save"; readonly slot: number }
  /** Tries `first` before `second`. */
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { readonly op: "match" }

/** Where captures began and ended, the last one first: threads share what they have in common. */
interface Saved {
  readonly slot: number
  readonly at: number
  readonly before: Saved | undefined
}

/**
 * Matches in time linear in text and pattern, whatever the text, by following all alternatives at once (Thompson's
 * construction with captures, as Pike described it). Priorities and captures are exactly those of RE2. Some hundred times
 * slower than the JavaScript engine on ordinary text, so it serves only what that engine cannot do right or safely.
 */
export class Automaton {
  readonly #program: Array<Instruction> = []
  readonly #slots: number

  constructor(syntax: Syntax, captures: number) {
    this.#slots = 2 * (captures + 1)
    this.#compile({ kind: "capture", item: syntax, index: 0 })
    this.#program.push({ op: "match" })
  }

  test(text: string): boolean {
    return this.#run(text, true) !== undefined
  }

  exec(text: string): PatternMatch | null {
    const saved = this.#run(text, false)
    if (saved === undefined) return null
    const slots = new Array<number>(this.#slots).fill(-1)
    for (let each: Saved | undefined = saved; each !== undefined; each = each.before)
      if (slots[each.slot]! < 0) slots[each.slot] = each.at
    const groups: Array<string | undefined> = []
    for (let slot = 0; slot < this.#slots; slot += 2) {
      groups.push(slots[slot + 1]! < 0 ? undefined : text.slice(slots[slot], slots[slot + 1]))
    }
    return Object.assign(groups, { index: slots[0]! })
  }

  #compile(syntax: Syntax): void {
    const program = this.#program
    switch (syntax.kind) {
      case "empty":
        return
      case "set":
        program.push({ op: "set", has: membership(syntax.set) })
        return
      case "assertion":
        program.push({ op: "assert", at: syntax.at })
        return
      case "sequence":
        for (const item of syntax.items) this.#compile(item)
        return
      case "capture":
        program.push({ op: "save", slot: 2 * syntax.index })
        this.#compile(syntax.item)
        program.push({ op: "save", slot: 2 * syntax.index + 1 })
        return
      case "choice":
        this.#compileChoice(syntax.items)
        return
      case "repeat":
        this.#compileRepeat(syntax)
    }
  }

  #compileChoice(items: ReadonlyArray<Syntax>): void {
    const program = this.#program
    const exits: Array<{ op: "jump"; to: number }> = []
    for (const item of items.slice(0, -1)) {
      const split = this.#split()
      split.first = program.length
      this.#compile(item)
      const exit: { op: "jump"; to: number } = { op: "jump", to: 0 }
      program.push(exit)
      exits.push(exit)
      split.second = program.length
    }
    this.#compile(items[items.length - 1]!)
    for (const exit of exits) exit.to = program.length
  }

  #compileRepeat({ item, min, max, greedy }: Extract<Syntax, { kind: "repeat" }>): void {
    const program = this.#program
    for (let i = 1; i < min; i++) this.#compile(item)
    if (max === Number.POSITIVE_INFINITY) {
      const enter = min === 0 ? this.#split() : undefined
      const body = program.length
      this.#compile(item)
      const again = this.#split()
      this.#aim(again, body, program.length, greedy)
      if (enter !== undefined) this.#aim(enter, body, program.length, greedy)
      return
    }
    if (min > 0) this.#compile(item)
    const exits: Array<[Extract<Instruction, { op: "split" }>, number]> = []
    for (let i = min; i < max; i++) {
      exits.push([this.#split(), program.length])
      this.#compile(item)
    }
    for (const [split, body] of exits) this.#aim(split, body, program.length, greedy)
  }

  #split(): Extract<Instruction, { op: "split" }> {
    const split: Extract<Instruction, { op: "split" }> = { op: "split", first: 0, second: 0 }
    this.#program.push(split)
    return split
  }

  #aim(split: Extract<Instruction, { op: "split" }>, into: number, past: number, greedy: boolean): void {
    split.first = greedy ? into : past
    split.second = greedy ? past : into
  }

  /** What the match with the highest priority among the leftmost ones saved; with `any`, whichever is found first. */
  #run(text: string, any: boolean): Saved | undefined {
    const program = this.#program
    /** For each instruction the position at which it was last visited, so that none is followed twice there. */
    const visited = new Int32Array(program.length).fill(-1)
    let best: Saved | undefined
    // Threads hold the instruction that they want to follow and what they saved, in order of priority.
    let places: Array<number> = []
    let saves: Array<Saved | undefined> = []
    let nextPlaces: Array<number> = []
    let nextSaves: Array<Saved | undefined> = []
    const pendingPlaces: Array<number> = []
    const pendingSaves: Array<Saved | undefined> = []
    for (let at = 0; ; ) {
      const codePoint = text.codePointAt(at)
      const width = codePoint === undefined ? 0 : codePoint > 0xffff ? 2 : 1
      if (best === undefined) {
        places.push(0)
        saves.push(undefined)
      }
      nextPlaces.length = 0
      nextSaves.length = 0
      follow: for (let thread = 0; thread < places.length; thread++) {
        pendingPlaces.push(places[thread]!)
        pendingSaves.push(saves[thread])
        while (pendingPlaces.length > 0) {
          const place = pendingPlaces.pop()!
          const saved = pendingSaves.pop()
          if (visited[place] === at) continue
          visited[place] = at
          const instruction = program[place]!
          switch (instruction.op) {
            case "set":
              if (codePoint === undefined || !instruction.has(codePoint)) break
              nextPlaces.push(place + 1)
              nextSaves.push(saved)
              break
            case "assert":
              if (!holds(instruction.at, text, at)) break
              pendingPlaces.push(place + 1)
              pendingSaves.push(saved)
              break
            case "save":
              pendingPlaces.push(place + 1)
              pendingSaves.push({ slot: instruction.slot, at, before: saved })
              break
            case "split":
              pendingPlaces.push(instruction.second, instruction.first)
              pendingSaves.push(saved, saved)
              break
            case "jump":
              pendingPlaces.push(instruction.to)
              pendingSaves.push(saved)
              break
            case "match":
              best = saved
              if (any) return best
              // All that is left has a lower priority.
              pendingPlaces.length = 0
              pendingSaves.length = 0
              break follow
          }
        }
      }
      if (codePoint === undefined || (best !== undefined && nextPlaces.length === 0)) return best
      ;[places, nextPlaces] = [nextPlaces, places]
      ;[saves, nextSaves] = [nextSaves, saves]
      at += width
    }
  }
}

/** Log lines are ASCII for the most part: looked up in a table. */
const membership = (set: CharacterSet): ((codePoint: number) => boolean) => {
  const ascii = Uint8Array.from({ length: 128 }, (_, code) => (includes(set, code) ? 1 : 0))
  return (codePoint) => (codePoint < 128 ? ascii[codePoint] === 1 : includes(set, codePoint))
}

const isWord = (text: string, at: number): boolean => at >= 0 && at < text.length && includes(WORD, text.charCodeAt(at))

const holds = (assertion: Assertion, text: string, at: number): boolean => {
  switch (assertion) {
    case "text-start":
      return at === 0
    case "text-end":
      return at === text.length
    case "line-start":
      return at === 0 || text[at - 1] === "\n"
    case "line-end":
      return at === text.length || text[at] === "\n"
    case "word-boundary":
      return isWord(text, at - 1) !== isWord(text, at)
    case "no-word-boundary":
      return isWord(text, at - 1) === isWord(text, at)
  }
}
