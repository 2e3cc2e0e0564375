import { ExpressionError } from "./error.ts"
import { limit } from "./limit.ts"

export type TokenKind = "number" | "string" | "name" | "operator" | "bracket" | "pointer" | "end"

export interface Token {
  readonly kind: TokenKind
  /** Unescaped value of a string, name of a pointer without `#`, otherwise the text as written. */
  readonly value: string
  readonly offset: number
}

const wordOperators: ReadonlySet<string> = new Set([
  "not",
  "in",
  "or",
  "and",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
  "let",
  "if",
  "else"
])

const doubleOperators: ReadonlySet<string> = new Set(["&&", "||", "==", "!=", "<=", ">=", "**", "?.", "??", "..", "::"])
const singleOperators: ReadonlySet<string> = new Set("+-*/%^<>!?:,;.|=")

const space = /[\s\u0085]/
const wordStart = /[\p{L}_$]/u
const word = /[\p{L}\p{Nd}_$]+/uy
const number = /(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|(?:\d[\d_]*)?(?:\.(?!\.)[\d_]*)?(?:[eE][+-]?[\d_]*)?)/y

export const isWord = (text: string): boolean => /^[\p{L}_$][\p{L}\p{Nd}_$]*$/u.test(text)

/** Splits an expression into tokens; comments and white space are left out. Throws `ExpressionError`. */
export const tokenize = (text: string): ReadonlyArray<Token> => {
  if (text.length > limit.textLength) {
    throw new ExpressionError(
      "TST-EXPR-LIMIT",
      `the expression has ${text.length} characters, at most ${limit.textLength} are allowed`,
      text,
      0
    )
  }
  const tokens: Array<Token> = []
  let at = 0
  const fail = (message: string, offset: number): never => {
    throw new ExpressionError("TST-EXPR-SYNTAX", message, text, offset)
  }
  const wordAt = (offset: number): string => {
    word.lastIndex = offset
    return word.exec(text)?.[0] ?? ""
  }
  while (at < text.length) {
    const character = text[at]!
    const pair = text.slice(at, at + 2)
    if (space.test(character)) {
      at += 1
    } else if (pair === "//") {
      const end = text.indexOf("\n", at)
      at = end < 0 ? text.length : end
    } else if (pair === "/*") {
      const end = text.indexOf("*/", at + 2)
      if (end < 0) fail("the comment is not closed", at)
      at = end + 2
    } else if (character === "'" || character === '"') {
      const { value, end } = quoted(text, at)
      tokens.push({ kind: "string", value, offset: at })
      at = end
    } else if (character === "`") {
      const { value, end } = raw(text, at)
      tokens.push({ kind: "string", value, offset: at })
      at = end
    } else if (isDigit(character) || (character === "." && isDigit(text[at + 1]))) {
      number.lastIndex = at
      const value = number.exec(text)![0]
      if (wordAt(at + value.length) !== "") fail(`${value}${wordAt(at + value.length)} is not a number`, at)
      tokens.push({ kind: "number", value, offset: at })
      at += value.length
    } else if (character === "#") {
      const value = wordAt(at + 1)
      tokens.push({ kind: "pointer", value, offset: at })
      at += 1 + value.length
    } else if (wordStart.test(String.fromCodePoint(text.codePointAt(at)!))) {
      const value = wordAt(at)
      tokens.push({ kind: wordOperators.has(value) ? "operator" : "name", value, offset: at })
      at += value.length
    } else if ("()[]{}".includes(character)) {
      tokens.push({ kind: "bracket", value: character, offset: at })
      at += 1
    } else if (doubleOperators.has(pair)) {
      tokens.push({ kind: "operator", value: pair, offset: at })
      at += 2
    } else if (singleOperators.has(character)) {
      tokens.push({ kind: "operator", value: character, offset: at })
      at += 1
    } else {
      const hint = character === "&" ? "; did you mean &&?" : character === "~" ? "; did you mean matches?" : ""
      fail(
        `the character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))} has no meaning here${hint}`,
        at
      )
    }
  }
  tokens.push({ kind: "end", value: "", offset: text.length })
  return tokens
}

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= "0" && character <= "9"

/** Back-quoted text: nothing is an escape, but two back-quotes stand for one. */
const raw = (text: string, start: number): { value: string; end: number } => {
  let at = start + 1
  while (true) {
    const quote = text.indexOf("`", at)
    if (quote < 0) throw new ExpressionError("TST-EXPR-SYNTAX", "the text in back-quotes is not closed", text, start)
    if (text[quote + 1] !== "`") return { value: text.slice(start + 1, quote).replaceAll("``", "`"), end: quote + 1 }
    at = quote + 2
  }
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["`", "`"],
  ["?", "?"]
])

const hexadecimal: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["X", 2],
  ["u", 4],
  ["U", 8]
])

const quoted = (text: string, start: number): { value: string; end: number } => {
  const quote = text[start]!
  let value = ""
  let from = start + 1
  let at = from
  const fail = (message: string): never => {
    throw new ExpressionError("TST-EXPR-SYNTAX", message, text, at)
  }
  while (true) {
    const character = text[at]
    if (character === undefined || character === "\n") return fail("the quoted text is not closed")
    if (character === quote) return { value: value + text.slice(from, at), end: at + 1 }
    if (character !== "\\") {
      at += 1
      continue
    }
    value += text.slice(from, at)
    const letter = text[at + 1] ?? ""
    const simple = simpleEscapes.get(letter)
    const digits = hexadecimal.get(letter)
    if (simple !== undefined) {
      value += simple
      at += 2
    } else if (digits !== undefined) {
      const code = text.slice(at + 2, at + 2 + digits)
      const point = /^[0-9a-fA-F]+$/.test(code) && code.length === digits ? Number.parseInt(code, 16) : -1
      if (point < 0 || point > 0x10ffff) return fail(`\\${letter} needs ${digits} hexadecimal digits of a character`)
      value += String.fromCodePoint(point)
      at += 2 + digits
    } else if (/^[0-3][0-7][0-7]/.test(text.slice(at + 1, at + 4))) {
      value += String.fromCodePoint(Number.parseInt(text.slice(at + 1, at + 4), 8))
      at += 4
    } else {
      return fail(`\\${letter} is not an escape; write \\\\ for a backslash`)
    }
    from = at
  }
}
