/** Reads the directives of a format: what stands between `%` and a verb, as Go's package fmt does. */
import { tooLong } from "../value.ts"

/** How a value is to be written. */
export interface Directive {
  readonly verb: string
  readonly plus: boolean
  readonly minus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number
  readonly precision: number | undefined
  /** `%+v`: fields with their names. It has no `plus` then. */
  readonly named: boolean
  /** `%#v`: as Go source. It has no `sharp` then. */
  readonly source: boolean
  /** The value of a message about a wrong verb: a duration is a number there. */
  readonly wrong: boolean
}

/** `%v` without anything. */
export const plain: Directive = {
  verb: "v",
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: 0,
  precision: undefined,
  named: false,
  source: false,
  wrong: false
}

/** Text that stands for itself, and the directive after it with its value. */
export interface Piece {
  readonly text: string
  readonly directive?: Directive
  readonly value?: unknown
}

/** A width or precision is hostile input too. */
const widest = 10_000

/** A format on the way of being read. */
export class FormatReader {
  readonly #format: string
  readonly #given: ReadonlyArray<unknown>
  readonly #lastBracket: number
  #at = 0
  #next = 0
  #isReordered = false
  /** Of the directive at hand: whether an index such as `[2]` was just read, and whether all were good. */
  #isIndexed = false
  #isGood = true

  constructor(format: string, given: ReadonlyArray<unknown>) {
    this.#format = format
    this.#given = given
    this.#lastBracket = format.lastIndexOf("]")
  }

  /** Values that no directive took; none where the format says itself which ones it takes. */
  get surplus(): ReadonlyArray<unknown> {
    return this.#isReordered ? [] : this.#given.slice(this.#next)
  }

  /** Undefined at the end of the format. */
  read(): Piece | undefined {
    if (this.#at >= this.#format.length) return undefined
    const from = this.#at
    const percent = this.#format.indexOf("%", from)
    if (percent < 0) {
      this.#at = this.#format.length
      return { text: this.#format.slice(from) }
    }
    this.#at = percent + 1
    return this.#directive(this.#format.slice(from, percent))
  }

  #directive(before: string): Piece {
    let text = before
    this.#isGood = true
    const flags = this.#take(/[-+# 0]*/y)
    this.#index()
    const width = this.#number()
    if (width === "bad") text += "%!(BADWIDTH)"
    // An index stands before a `*` or the verb: `%[3]2d` has none of them, and neither has `%[3].2d`.
    if (width !== undefined && this.#isIndexed) this.#isGood = false
    const precision = this.#precision()
    if (precision === "bad") text += "%!(BADPREC)"
    if (!this.#isIndexed) this.#index()
    const verb = this.#take(/[\s\S]/uy)
    if (verb === "") return { text: `${text}%!(NOVERB)` }
    if (verb === "%") return { text: `${text}%` }
    if (!this.#isGood) return { text: `${text}%!${verb}(BADINDEX)` }
    if (this.#next >= this.#given.length) return { text: `${text}%!${verb}(MISSING)` }
    const isValue = verb === "v"
    const directive: Directive = {
      verb,
      plus: flags.includes("+") && !isValue,
      minus: flags.includes("-") || (typeof width === "number" && width < 0),
      sharp: flags.includes("#") && !isValue,
      space: flags.includes(" "),
      zero: flags.includes("0"),
      width: typeof width === "number" ? Math.abs(width) : 0,
      precision: typeof precision === "number" && precision >= 0 ? precision : undefined,
      named: isValue && flags.includes("+"),
      source: isValue && flags.includes("#"),
      wrong: false
    }
    return { text, directive, value: this.#given[this.#next++] }
  }

  #take(form: RegExp): string {
    form.lastIndex = this.#at
    const found = form.exec(this.#format)?.[0] ?? ""
    this.#at += found.length
    return found
  }

  /** `[2]`: the second of the values is next. */
  #index(): void {
    this.#isIndexed = false
    if (this.#format[this.#at] !== "[") return
    this.#isReordered = true
    // Looked for only where there is one: a format of many `%[` must not be searched to its end for each.
    const end = this.#at > this.#lastBracket ? -1 : this.#format.indexOf("]", this.#at)
    const inside = end < 0 ? "" : this.#format.slice(this.#at + 1, end)
    const index = /^\d{1,7}$/.test(inside) ? Number(inside) - 1 : undefined
    this.#at = end < 0 ? this.#at + 1 : end + 1
    this.#isIndexed = index !== undefined
    if (index !== undefined && index >= 0 && index < this.#given.length) this.#next = index
    else this.#isGood = false
  }

  #precision(): number | "bad" | undefined {
    if (this.#format[this.#at] !== ".") return undefined
    this.#at++
    if (this.#isIndexed) this.#isGood = false
    this.#index()
    return this.#number() ?? 0
  }

  /** Digits, or `*`: the next value. */
  #number(): number | "bad" | undefined {
    if (this.#format[this.#at] !== "*") {
      const digits = this.#take(/\d*/y)
      return digits === "" ? undefined : within(Number(digits))
    }
    this.#at++
    this.#isIndexed = false
    const value = this.#given[this.#next]
    if (this.#next < this.#given.length) this.#next++
    return typeof value === "number" ? within(value) : "bad"
  }
}

const within = (size: number): number => {
  if (Math.abs(size) > widest) throw tooLong()
  return size
}
