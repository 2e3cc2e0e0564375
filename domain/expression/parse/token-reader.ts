import { ExpressionError } from "../error.ts"
import { limit } from "../limit.ts"
import type { Node } from "../syntax.ts"
import { childrenOf, isFlat } from "../syntax.ts"
import type { Token, TokenKind } from "../token.ts"
import { tokenize } from "../token.ts"

const spelling: ReadonlyMap<string, string> = new Map([
  ["or", "||"],
  ["and", "&&"],
  ["not", "!"],
  ["^", "**"]
])

/** What people write for an operator who know it from elsewhere, in lower case. */
const otherLanguages: ReadonlyMap<string, string> = new Map([
  ["=", "=="],
  ["and", "and"],
  ["or", "or"],
  ["not", "not"],
  ["in", "in"],
  ["matches", "matches"],
  ["contains", "contains"],
  ["startswith", "startsWith"],
  ["starts_with", "startsWith"],
  ["endswith", "endsWith"],
  ["ends_with", "endsWith"],
  ["like", "matches"]
])

/**
 * The tokens of an expression, read from left to right, and the tree made of them so far. Everything that is refused is
 * refused here: throws `ExpressionError` at the token where the text cannot go on, or where it has had its share.
 */
export class TokenReader {
  readonly #text: string
  readonly #tokens: ReadonlyArray<Token>
  position = 0
  #depth = 0
  /** Of each node: how many nodes an evaluation of it meets, and how deep a recursion over it goes. */
  readonly #extents = new Map<Node, { readonly size: number; readonly height: number }>()

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  get current(): Token {
    return this.#tokens[this.position]!
  }

  /** The operator that comes next, in the one spelling that the tree knows; empty for any other token. */
  get operator(): string {
    const { kind, value } = this.current
    return kind === "operator" ? (spelling.get(value) ?? value) : ""
  }

  next(): Token {
    const token = this.current
    if (token.kind !== "end") this.position += 1
    return token
  }

  is(kind: TokenKind, value: string): boolean {
    return this.current.kind === kind && this.current.value === value
  }

  accept(kind: TokenKind, value: string): boolean {
    if (!this.is(kind, value)) return false
    this.position += 1
    return true
  }

  expect(kind: TokenKind, value: string): void {
    if (this.accept(kind, value)) return
    if (this.current.kind === "end") this.fail(`the expression ends where ${JSON.stringify(value)} is expected`)
    this.fail(`${JSON.stringify(value)} is expected here, not ${JSON.stringify(this.current.value)}`)
  }

  fail(message: string, offset = this.current.offset): never {
    throw new ExpressionError("TST-EXPR-SYNTAX", message, this.#text, offset)
  }

  unexpected(): never {
    const { kind, value } = this.current
    if (kind === "end")
      return this.fail("the expression ends too early; where it holds a `#`, YAML needs quotes around it")
    const meant = kind === "string" ? undefined : otherLanguages.get(value.toLowerCase())
    const hint = meant === undefined || meant === value ? "" : `; did you mean ${meant}?`
    return this.fail(`${JSON.stringify(value)} is not expected here${hint}`)
  }

  /** Every node passes here, so that no tree can be large, deep, or (through shared nodes) dear to walk. */
  make<T extends Node>(node: T): T {
    let size = 1
    let height = 0
    // Of a run of operands all but the last were counted with the node to the left.
    for (const child of node.kind === "binary" ? [node.left, node.right] : childrenOf(node)) {
      const extent = this.#extents.get(child)!
      size += extent.size
      const flat = node.kind === "binary" && child === node.left && isFlat(node, child)
      height = Math.max(height, flat ? extent.height - 1 : extent.height)
    }
    if (size > limit.nodes) this.#limited(`the expression has more than ${limit.nodes} parts`)
    if (height >= limit.depth) this.#limited(`the expression is nested more than ${limit.depth} deep`)
    this.#extents.set(node, { size, height: height + 1 })
    return node
  }

  /** What `body` reads stands one level deeper. */
  nested<T>(body: () => T): T {
    this.#depth += 1
    if (this.#depth > limit.depth) this.#limited(`the expression is nested more than ${limit.depth} deep`)
    const result = body()
    this.#depth -= 1
    return result
  }

  #limited(message: string): never {
    throw new ExpressionError("TST-EXPR-LIMIT", message, this.#text, this.current.offset)
  }
}
