import { builtins } from "./builtins/catalogue.ts"
import { predicateArity } from "./builtins/predicate.ts"
import { TokenReader } from "./parse/token-reader.ts"
import type { BinaryOperator, Node, UnaryOperator } from "./syntax.ts"
import { binaryPrecedence, chainable, negatable, unaryPrecedence } from "./syntax.ts"
import type { Token } from "./token.ts"
import { isWord } from "./token.ts"

/** Text to syntax tree, by operator precedence. Throws `ExpressionError`. */
export const parse = (text: string): Node => new Parser(text).parse()

class Parser extends TokenReader {
  /** How many predicates are open: `#` has a meaning only inside one. */
  #predicates = 0

  parse(): Node {
    const node = this.#sequence()
    if (this.current.kind !== "end") this.unexpected()
    return node
  }

  /** `a; b; c`, with or without a semicolon at the end. */
  #sequence(): Node {
    const offset = this.current.offset
    const items = [this.#expression(0)]
    while (this.accept("operator", ";")) {
      if (this.current.kind === "end" || this.is("bracket", ")") || this.is("bracket", "}")) break
      items.push(this.#expression(0))
    }
    return items.length === 1 ? items[0]! : this.make({ kind: "sequence", items, offset })
  }

  #expression(precedence: number): Node {
    return this.nested(() => {
      if (precedence === 0 && this.operator === "let") return this.#declaration()
      if (precedence === 0 && this.operator === "if") return this.#conditionalBlock()
      const node = this.#operators(this.#primary(), precedence)
      return precedence === 0 ? this.#ternary(node) : node
    })
  }

  #operators(first: Node, precedence: number): Node {
    let left = first
    let previous = ""
    while (true) {
      const start = this.position
      const offset = this.current.offset
      const negated = this.operator === "!" && this.current.value === "not"
      if (negated) {
        this.next()
        if (!negatable.has(this.operator)) this.unexpected()
      }
      const operator = this.operator
      const binding = binaryPrecedence.get(operator)
      if (binding === undefined || binding < precedence) {
        this.position = start
        return left
      }
      if (previous === "??" && operator !== "??" && operator !== "|") {
        this.fail(`${operator} cannot follow ?? directly; put one of the two into parentheses`)
      }
      this.next()
      if (operator === "|") {
        const callee = this.next()
        if (callee.kind !== "name") this.fail("a function is expected after |", callee.offset)
        left = this.#postfix(this.#call(callee, [left]))
      } else if (chainable.has(operator)) {
        left = this.#comparison(left, operator as BinaryOperator, binding, offset)
      } else {
        const right = this.#expression(operator === "**" ? binding : binding + 1)
        left = this.make({ kind: "binary", operator: operator as BinaryOperator, left, right, offset })
        if (negated) left = this.make({ kind: "unary", operator: "!", operand: left, offset })
      }
      previous = operator
    }
  }

  #comparison(first: Node, operator: BinaryOperator, binding: number, offset: number): Node {
    let left = first
    let current = operator
    let at = offset
    let all: Node | undefined
    while (true) {
      const right = this.#expression(binding + 1)
      const one = this.make({ kind: "binary", operator: current, left, right, offset: at })
      all = all ? this.make({ kind: "binary", operator: "&&", left: all, right: one, offset: at }) : one
      if (!chainable.has(this.operator)) return all
      left = right
      at = this.current.offset
      current = this.next().value as BinaryOperator
    }
  }

  #ternary(first: Node): Node {
    let node = first
    while (this.is("operator", "?")) {
      const { offset } = this.next()
      let then = node
      if (!this.accept("operator", ":")) {
        then = this.#expression(0)
        this.expect("operator", ":")
      }
      const otherwise = this.#expression(0)
      node = this.make({ kind: "conditional", condition: node, then, otherwise, offset })
    }
    return node
  }

  #declaration(): Node {
    this.next()
    const { kind, value: name, offset } = this.next()
    if (kind !== "name") this.fail("a name is expected after let", offset)
    this.expect("operator", "=")
    const value = this.#expression(0)
    this.expect("operator", ";")
    const body = this.#sequence()
    return this.make({ kind: "let", name, value, body, offset })
  }

  #conditionalBlock(): Node {
    const { offset } = this.next()
    const condition = this.#expression(0)
    const then = this.#block()
    this.expect("operator", "else")
    const otherwise = this.operator === "if" ? this.nested(() => this.#conditionalBlock()) : this.#block()
    return this.make({ kind: "conditional", condition, then, otherwise, offset })
  }

  #block(): Node {
    this.expect("bracket", "{")
    const node = this.#sequence()
    this.expect("bracket", "}")
    return node
  }

  #primary(): Node {
    const token = this.current
    const { offset } = token
    if (token.kind === "operator") {
      const operator = this.operator
      if (operator === "!" || operator === "-" || operator === "+") {
        this.next()
        const operand = this.#expression(unaryPrecedence[operator])
        return this.#postfix(this.make({ kind: "unary", operator: operator satisfies UnaryOperator, operand, offset }))
      }
      if (operator === "::") {
        this.next()
        const callee = this.next()
        if (callee.kind !== "name") this.fail("a function is expected after ::", callee.offset)
        return this.#postfix(this.#call(callee, []))
      }
    }
    if (this.accept("bracket", "(")) {
      const node = this.#sequence()
      this.expect("bracket", ")")
      return this.#postfix(node)
    }
    if (token.kind === "pointer" || this.is("operator", ".")) {
      if (this.#predicates === 0) this.fail("# and .name have a meaning only inside a predicate such as { # > 1 }")
      // The dot of `.name` stays: the member follows as after any other value.
      if (token.kind === "pointer") this.next()
      return this.#postfix(this.make({ kind: "pointer", name: token.kind === "pointer" ? token.value : "", offset }))
    }
    return this.#secondary()
  }

  #secondary(): Node {
    const token = this.next()
    const { offset, value } = token
    switch (token.kind) {
      case "name":
        if (value === "true" || value === "false") return this.make({ kind: "bool", value: value === "true", offset })
        if (value === "nil") return this.make({ kind: "nil", offset })
        return this.#postfix(
          this.is("bracket", "(") ? this.#call(token, []) : this.make({ kind: "name", name: value, offset })
        )
      case "number":
        return this.#number(token)
      case "string":
        return this.#postfix(this.make({ kind: "string", value, offset }))
      default:
        if (token.kind === "bracket" && value === "[") return this.#postfix(this.#array(offset))
        if (token.kind === "bracket" && value === "{") return this.#postfix(this.#map(offset))
        if (token.kind !== "end") this.position -= 1
        return this.unexpected()
    }
  }

  #number({ value, offset }: Token): Node {
    const digits = value.replaceAll("_", "").toLowerCase()
    const isFloat = !digits.startsWith("0x") && /[.e]/.test(digits)
    const parsed = Number(digits)
    if (digits === "" || Number.isNaN(parsed)) this.fail(`${value} is not a number`, offset)
    if (isFloat ? !Number.isFinite(parsed) : !Number.isSafeInteger(parsed)) this.fail(`${value} is too large`, offset)
    return this.make({ kind: isFloat ? "float" : "int", value: parsed, offset })
  }

  #call(callee: Token, piped: ReadonlyArray<Node>): Node {
    const { value: name, offset } = callee
    if (predicateArity.has(name)) {
      return this.make({ kind: "builtin", name, arguments: this.#predicateArguments(name, piped), offset })
    }
    const given = this.#argumentList(piped)
    return builtins.has(name)
      ? this.make({ kind: "builtin", name, arguments: given, offset })
      : this.make({ kind: "call", name, arguments: given, offset })
  }

  #argumentList(piped: ReadonlyArray<Node>): ReadonlyArray<Node> {
    const given = [...piped]
    this.expect("bracket", "(")
    let first = true
    while (!this.is("bracket", ")")) {
      if (!first) this.expect("operator", ",")
      if (this.is("bracket", ")")) break
      given.push(this.#expression(0))
      first = false
    }
    this.expect("bracket", ")")
    return given
  }

  #predicateArguments(name: string, piped: ReadonlyArray<Node>): ReadonlyArray<Node> {
    const { required, allowed } = predicateArity.get(name)!
    const given = [...piped]
    this.expect("bracket", "(")
    while (given.length < allowed) {
      if (this.is("bracket", ")")) break
      if (given.length > piped.length) {
        this.expect("operator", ",")
        if (this.is("bracket", ")")) break
      }
      given.push(given.length === 1 ? this.#predicate() : this.#expression(0))
    }
    if (given.length < required) this.fail(`${name} needs ${required} arguments`)
    this.accept("operator", ",")
    this.expect("bracket", ")")
    return given
  }

  #predicate(): Node {
    const { offset } = this.current
    const braced = this.accept("bracket", "{")
    this.#predicates += 1
    const body = braced ? this.#sequence() : this.#expression(0)
    this.#predicates -= 1
    if (braced) this.expect("bracket", "}")
    return this.make({ kind: "predicate", body, offset })
  }

  #array(offset: number): Node {
    const items: Array<Node> = []
    while (!this.is("bracket", "]")) {
      if (items.length > 0) this.expect("operator", ",")
      if (this.is("bracket", "]")) break
      items.push(this.#expression(0))
    }
    this.expect("bracket", "]")
    return this.make({ kind: "array", items, offset })
  }

  #map(offset: number): Node {
    const pairs: Array<{ key: Node; value: Node }> = []
    while (!this.is("bracket", "}")) {
      if (pairs.length > 0) this.expect("operator", ",")
      if (this.is("bracket", "}")) break
      const key = this.#mapKey()
      this.expect("operator", ":")
      pairs.push({ key, value: this.#expression(0) })
    }
    this.expect("bracket", "}")
    return this.make({ kind: "map", pairs, offset })
  }

  #mapKey(): Node {
    const { kind, value, offset } = this.current
    if (kind === "number" || kind === "string" || kind === "name") {
      this.next()
      return this.make({ kind: "string", value, offset })
    }
    if (this.is("bracket", "(")) return this.#expression(0)
    return this.fail("a key of a map is a text, a number, a name, or an expression in parentheses")
  }

  #postfix(first: Node): Node {
    let node = first
    while (true) {
      const { offset } = this.current
      if (this.is("operator", ".") || this.is("operator", "?.")) {
        const optional = this.next().value === "?."
        if (optional && this.accept("bracket", "[")) {
          const member = this.#indexed(node, true, offset)
          node = member.kind === "slice" ? member : this.make({ kind: "chain", body: member, offset })
        } else {
          node = this.#named(node, optional)
        }
      } else if (this.accept("bracket", "[")) {
        node = this.#indexed(node, false, offset)
      } else {
        return node
      }
    }
  }

  /** `.name` or `.name(…)`; a chain that was opened further left reaches over it. */
  #named(object: Node, optional: boolean): Node {
    const { kind, value: name, offset } = this.next()
    if (kind !== "name" && !(kind === "operator" && isWord(name))) this.fail("a name is expected after the dot", offset)
    const inner = object.kind === "chain" ? object.body : object
    const node = this.is("bracket", "(")
      ? this.make({ kind: "method", object: inner, name, optional, arguments: this.#argumentList([]), offset })
      : this.make({
          kind: "member",
          object: inner,
          property: this.make({ kind: "string", value: name, offset }),
          optional,
          offset
        })
    return optional || object.kind === "chain" ? this.make({ kind: "chain", body: node, offset }) : node
  }

  /** After `[`: an index or a slice. */
  #indexed(object: Node, optional: boolean, offset: number): Node {
    const from = this.is("operator", ":") ? undefined : this.#expression(0)
    if (from !== undefined && this.accept("bracket", "]")) {
      return this.make({ kind: "member", object, property: from, optional, offset })
    }
    this.expect("operator", ":")
    const to = this.is("bracket", "]") ? undefined : this.#expression(0)
    this.expect("bracket", "]")
    return this.make({ kind: "slice", object, from, to, offset })
  }
}
