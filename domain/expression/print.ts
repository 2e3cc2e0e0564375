import type { BinaryNode, Node } from "./syntax.ts"
import { binaryPrecedence, chainable, operandsOf, unaryPrecedence } from "./syntax.ts"
import { isWord } from "./token.ts"

/** Text that parses to the same tree, with few parentheses. */
export const print = (node: Node): string => {
  switch (node.kind) {
    case "nil":
      return "nil"
    case "bool":
    case "int":
      return String(node.value)
    case "float":
      return floatLiteral(node.value)
    case "string":
      return JSON.stringify(node.value)
    case "name":
      return node.name
    case "pointer":
      return `#${node.name}`
    case "unary":
      return `${node.operator === "!" ? "not " : node.operator}${inside(node.operand, unaryPrecedence[node.operator])}`
    case "binary":
      return binary(node)
    case "member":
      return member(node.object, node.property, node.optional)
    case "slice":
      return `${object(node.object)}[${bound(node.from)}:${bound(node.to)}]`
    case "chain":
      return print(node.body)
    case "call":
      return `${node.name}(${list(node.arguments)})`
    case "method":
      return `${object(node.object)}${node.optional ? "?." : "."}${node.name}(${list(node.arguments)})`
    case "builtin":
      return `${node.name}(${list(node.arguments)})`
    case "predicate":
      return `{ ${print(node.body)} }`
    case "let":
      return `let ${node.name} = ${inside(node.value, 0)}; ${print(node.body)}`
    case "sequence":
      return node.items.map((item) => inside(item, 0)).join("; ")
    case "conditional":
      return conditional(node.condition, node.then, node.otherwise)
    case "array":
      return `[${list(node.items)}]`
    case "map":
      return `{${node.pairs.map(({ key, value }) => `${mapKey(key)}: ${inside(value, 0)}`).join(", ")}}`
  }
}

/** Digits, and always a point or an exponent: `1.0` is a float, `1` an int. */
const floatLiteral = (value: number): string => {
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

const list = (nodes: ReadonlyArray<Node>): string => nodes.map((node) => inside(node, 0)).join(", ")

const bound = (node: Node | undefined): string => (node === undefined ? "" : inside(node, 0))

const parenthesised = (node: Node): string => `(${print(node)})`

/** Where an expression of at least this precedence is read. */
const inside = (node: Node, precedence: number): string => {
  switch (node.kind) {
    case "sequence":
      return parenthesised(node)
    case "let":
    case "conditional":
      return precedence === 0 && node.kind === "conditional" ? print(node) : parenthesised(node)
    case "binary":
      return binaryPrecedence.get(node.operator)! < precedence ? parenthesised(node) : print(node)
    case "unary":
      return unaryPrecedence[node.operator] < precedence ? parenthesised(node) : print(node)
    default:
      return print(node)
  }
}

/** What a postfix such as `.x` or `[0]` can follow directly. */
const object = (node: Node): string => {
  switch (node.kind) {
    case "name":
    case "pointer":
    case "string":
    case "member":
    case "slice":
    case "chain":
    case "call":
    case "method":
    case "builtin":
    case "array":
    case "map":
      return print(node)
    default:
      return parenthesised(node)
  }
}

const member = (of: Node, property: Node, optional: boolean): string => {
  // After a chain, a dot would carry it on and a bracket would not.
  if (property.kind === "string" && isWord(property.value) && of.kind !== "chain") {
    return `${object(of)}${optional ? "?." : "."}${property.value}`
  }
  return `${object(of)}${optional ? "?." : ""}[${inside(property, 0)}]`
}

const mapKey = (key: Node): string => (key.kind === "string" ? print(key) : parenthesised(key))

const conditional = (condition: Node, then: Node, otherwise: Node): string =>
  `${inside(condition, 1)} ? ${inside(then, 0)} : ${inside(otherwise, 0)}`

/** `??` does not mix with other operators. */
const operand = (node: Node, precedence: number): string =>
  node.kind === "binary" && node.operator === "??" ? parenthesised(node) : inside(node, precedence)

const binary = (node: BinaryNode): string => {
  const { operator } = node
  const precedence = binaryPrecedence.get(operator)!
  const toRight = operator === "**"
  const [first, ...rest] = operandsOf(node)
  const head = operand(first!, toRight || chainable.has(operator) ? precedence + 1 : precedence)
  return [head, ...rest.map((each) => operand(each, toRight ? precedence : precedence + 1))].join(` ${operator} `)
}
