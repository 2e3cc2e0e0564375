/**
 * The syntax tree of an expression (expr-lang 1.17). Spellings that mean the same are one: `not` is `!`, `and` is `&&`,
 * `or` is `||`, `^` is `**`; `a not in b` is `!(a in b)`; `a < b < c` is `a < b && b < c` with one shared node `b`;
 * `x | f(y)` is `f(x, y)`.
 */
export type Node =
  | NilNode
  | BoolNode
  | IntNode
  | FloatNode
  | StringNode
  | NameNode
  | PointerNode
  | UnaryNode
  | BinaryNode
  | MemberNode
  | SliceNode
  | ChainNode
  | CallNode
  | MethodNode
  | BuiltinNode
  | PredicateNode
  | LetNode
  | SequenceNode
  | ConditionalNode
  | ArrayNode
  | MapNode

export interface NilNode {
  readonly kind: "nil"
  readonly offset: number
}
export interface BoolNode {
  readonly kind: "bool"
  readonly value: boolean
  readonly offset: number
}
export interface IntNode {
  readonly kind: "int"
  readonly value: number
  readonly offset: number
}
export interface FloatNode {
  readonly kind: "float"
  readonly value: number
  readonly offset: number
}
export interface StringNode {
  readonly kind: "string"
  readonly value: string
  readonly offset: number
}
/** A variable of the environment or of a `let`. */
export interface NameNode {
  readonly kind: "name"
  readonly name: string
  readonly offset: number
}
/** `#`, `#index` or `#acc` inside a predicate; `.x` is a member of the pointer `""`. */
export interface PointerNode {
  readonly kind: "pointer"
  readonly name: string
  readonly offset: number
}
export interface UnaryNode {
  readonly kind: "unary"
  readonly operator: UnaryOperator
  readonly operand: Node
  readonly offset: number
}
export interface BinaryNode {
  readonly kind: "binary"
  readonly operator: BinaryOperator
  readonly left: Node
  readonly right: Node
  readonly offset: number
}
/** `object.name` (the property is then a string node) or `object[property]`. */
export interface MemberNode {
  readonly kind: "member"
  readonly object: Node
  readonly property: Node
  readonly optional: boolean
  readonly offset: number
}
export interface SliceNode {
  readonly kind: "slice"
  readonly object: Node
  readonly from: Node | undefined
  readonly to: Node | undefined
  readonly offset: number
}
/** How far a `?.` reaches: nil at the optional member makes the whole chain nil. */
export interface ChainNode {
  readonly kind: "chain"
  readonly body: Node
  readonly offset: number
}
export interface CallNode {
  readonly kind: "call"
  readonly name: string
  readonly arguments: ReadonlyArray<Node>
  readonly offset: number
}
export interface MethodNode {
  readonly kind: "method"
  readonly object: Node
  readonly name: string
  readonly optional: boolean
  readonly arguments: ReadonlyArray<Node>
  readonly offset: number
}
/** A function of the language itself; the second argument of `any`, `map`… is a predicate. */
export interface BuiltinNode {
  readonly kind: "builtin"
  readonly name: string
  readonly arguments: ReadonlyArray<Node>
  readonly offset: number
}
export interface PredicateNode {
  readonly kind: "predicate"
  readonly body: Node
  readonly offset: number
}
export interface LetNode {
  readonly kind: "let"
  readonly name: string
  readonly value: Node
  readonly body: Node
  readonly offset: number
}
/** `a; b; c`: all are evaluated, the last is the result. */
export interface SequenceNode {
  readonly kind: "sequence"
  readonly items: ReadonlyArray<Node>
  readonly offset: number
}
export interface ConditionalNode {
  readonly kind: "conditional"
  readonly condition: Node
  readonly then: Node
  readonly otherwise: Node
  readonly offset: number
}
export interface ArrayNode {
  readonly kind: "array"
  readonly items: ReadonlyArray<Node>
  readonly offset: number
}
export interface MapNode {
  readonly kind: "map"
  readonly pairs: ReadonlyArray<{ readonly key: Node; readonly value: Node }>
  readonly offset: number
}

export type UnaryOperator = "!" | "-" | "+"

export type BinaryOperator =
  | "||"
  | "&&"
  | "=="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "in"
  | "matches"
  | "contains"
  | "startsWith"
  | "endsWith"
  | ".."
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "??"

export const unaryPrecedence: Readonly<Record<UnaryOperator, number>> = { "!": 50, "-": 90, "+": 90 }

/** Higher binds tighter; all associate to the left but `**`. */
export const binaryPrecedence: ReadonlyMap<string, number> = new Map([
  ["|", 0],
  ["||", 10],
  ["&&", 15],
  ["==", 20],
  ["!=", 20],
  ["<", 20],
  [">", 20],
  ["<=", 20],
  [">=", 20],
  ["in", 20],
  ["matches", 20],
  ["contains", 20],
  ["startsWith", 20],
  ["endsWith", 20],
  ["..", 25],
  ["+", 30],
  ["-", 30],
  ["*", 60],
  ["/", 60],
  ["%", 60],
  ["**", 100],
  ["??", 500]
])

/** Operators that may be written with `not` in front: `not in`, `not contains`… */
export const negatable: ReadonlySet<string> = new Set(["in", "matches", "contains", "startsWith", "endsWith"])

/** Operators of which a chain `a < b < c` is a conjunction. */
export const chainable: ReadonlySet<string> = new Set(["<", ">", "<=", ">="])

/** The nodes below a node, from left to right; all operands of a run such as `a || b || c`, which may be thousands. */
export const childrenOf = (node: Node): ReadonlyArray<Node> => {
  switch (node.kind) {
    case "nil":
    case "bool":
    case "int":
    case "float":
    case "string":
    case "name":
    case "pointer":
      return []
    case "unary":
      return [node.operand]
    case "binary":
      return isFlat(node, node.left) ? operandsOf(node) : [node.left, node.right]
    case "member":
      return [node.object, node.property]
    case "slice":
      return [node.object, ...(node.from ? [node.from] : []), ...(node.to ? [node.to] : [])]
    case "chain":
    case "predicate":
      return [node.body]
    case "call":
    case "builtin":
      return node.arguments
    case "method":
      return [node.object, ...node.arguments]
    case "let":
      return [node.value, node.body]
    case "sequence":
    case "array":
      return node.items
    case "conditional":
      return [node.condition, node.then, node.otherwise]
    case "map":
      return node.pairs.flatMap((pair) => [pair.key, pair.value])
  }
}

/** `a || b || c` grows to the left without end; `||`, `&&` and `+` of the same kind are therefore walked as one list. */
export const isFlat = (node: BinaryNode, left: Node): left is BinaryNode =>
  left.kind === "binary" &&
  left.operator === node.operator &&
  (node.operator === "||" || node.operator === "&&" || node.operator === "+")

/** The operands of a run of one operator, from left to right: `(a || b) || c` gives a, b, c. */
export const operandsOf = (node: BinaryNode): ReadonlyArray<Node> => {
  const operands: Array<Node> = []
  let current: Node = node
  let parent = node
  while (current === node || isFlat(parent, current)) {
    parent = current as BinaryNode
    operands.push(parent.right)
    current = parent.left
  }
  operands.push(current)
  return operands.reverse()
}
