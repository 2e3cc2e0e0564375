import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { builtins } from "./builtins/catalogue.ts"
import { predicateArity } from "./builtins/predicate.ts"
import { parse } from "./parse.ts"
import { print } from "./print.ts"
import type { BinaryOperator, Node, UnaryOperator } from "./syntax.ts"
import { binaryPrecedence } from "./syntax.ts"

const offset = 0

/** A tree without its offsets. */
const bare = (node: Node): unknown =>
  JSON.parse(JSON.stringify(node, (key, value) => (key === "offset" ? undefined : value)))

const name = fc.constantFrom("evt", "a", "Meta", "x_1", "$env", "é")
const anyName = fc.oneof(name, fc.constantFrom("not", "in", "matches", "let", "true", "nil"))
const operators = [...binaryPrecedence.keys()].filter((operator) => operator !== "|") as Array<BinaryOperator>

/** As the parser builds it: a dot carries a chain on. */
const afterDot = (object: Node, optional: boolean, build: (object: Node) => Node): Node => {
  const inner = object.kind === "chain" ? object.body : object
  const node = build(inner)
  return optional || object.kind === "chain" ? { kind: "chain", body: node, offset } : node
}

const leaf: fc.Arbitrary<Node> = fc.oneof(
  fc.constant<Node>({ kind: "nil", offset }),
  fc.boolean().map((value): Node => ({ kind: "bool", value, offset })),
  fc.maxSafeNat().map((value): Node => ({ kind: "int", value, offset })),
  fc
    .double({ min: 0, noNaN: true, noDefaultInfinity: true })
    .map((value): Node => ({ kind: "float", value: value + 0, offset })),
  fc.string({ unit: "binary" }).map((value): Node => ({ kind: "string", value, offset })),
  name.map((text): Node => ({ kind: "name", name: text, offset }))
)

const { tree } = fc.letrec<{ tree: Node; inPredicate: Node }>((tie) => {
  const nodes = (self: fc.Arbitrary<Node>): Array<fc.Arbitrary<Node>> => [
    leaf,
    fc
      .tuple(fc.constantFrom<UnaryOperator>("!", "-", "+"), self)
      .map(([operator, operand]): Node => ({ kind: "unary", operator, operand, offset })),
    fc
      .tuple(fc.constantFrom(...operators), self, self)
      .map(([operator, left, right]): Node => ({ kind: "binary", operator, left, right, offset })),
    fc.tuple(self, anyName, fc.boolean()).map(([object, text, optional]) =>
      afterDot(object, optional, (inner) => ({
        kind: "member",
        object: inner,
        property: { kind: "string", value: text, offset },
        optional,
        offset
      }))
    ),
    fc.tuple(self, self, fc.boolean()).map(([object, property, optional]): Node => {
      const member: Node = { kind: "member", object, property, optional, offset }
      return optional ? { kind: "chain", body: member, offset } : member
    }),
    fc.tuple(self, anyName, fc.array(self, { maxLength: 2 }), fc.boolean()).map(([object, text, given, optional]) =>
      afterDot(object, optional, (inner) => ({
        kind: "method",
        object: inner,
        name: text,
        optional,
        arguments: given,
        offset
      }))
    ),
    fc
      .tuple(self, fc.option(self, { nil: undefined }), fc.option(self, { nil: undefined }))
      .map(([object, from, to]): Node => ({ kind: "slice", object, from, to, offset })),
    fc
      .tuple(fc.constantFrom("File", "Upper", "unknown"), fc.array(self, { maxLength: 3 }))
      .map(([text, given]): Node => ({ kind: "call", name: text, arguments: given, offset })),
    fc
      .tuple(fc.constantFrom(...builtins.keys()), fc.array(self, { maxLength: 3 }))
      .map(([text, given]): Node => ({ kind: "builtin", name: text, arguments: given, offset })),
    fc
      .tuple(fc.constantFrom(...predicateArity.keys()), self, tie("inPredicate"), self)
      .map(([text, list, body, extra]): Node => {
        const given: Array<Node> = [list, { kind: "predicate", body, offset }]
        if (predicateArity.get(text)!.allowed === 3) given.push(extra)
        return { kind: "builtin", name: text, arguments: given, offset }
      }),
    fc.tuple(name, self, self).map(([text, value, body]): Node => ({ kind: "let", name: text, value, body, offset })),
    fc.array(self, { minLength: 2, maxLength: 3 }).map((items): Node => ({ kind: "sequence", items, offset })),
    fc
      .tuple(self, self, self)
      .map(([condition, then, otherwise]): Node => ({ kind: "conditional", condition, then, otherwise, offset })),
    fc.array(self, { maxLength: 3 }).map((items): Node => ({ kind: "array", items, offset })),
    fc
      .array(fc.record({ key: self, value: self }), { maxLength: 2 })
      .map((pairs): Node => ({ kind: "map", pairs, offset }))
  ]
  const pointer = fc.constantFrom("", "index", "acc").map((text): Node => ({ kind: "pointer", name: text, offset }))
  return {
    tree: fc.oneof({ maxDepth: 5, depthSize: "small" }, ...nodes(tie("tree"))),
    inPredicate: fc.oneof({ maxDepth: 5, depthSize: "small" }, pointer, ...nodes(tie("inPredicate")))
  }
})

describe("print", () => {
  it("writes text that parses to the same tree", () => {
    fc.assert(
      fc.property(tree, (node) => {
        expect(bare(parse(print(node)))).toEqual(bare(node))
      }),
      { numRuns: 2000 }
    )
  })

  it("keeps a chain apart from what follows it in brackets", () => {
    for (const text of [`a?.b["c"]`, "a?.b.c", `a?.["b"].c`, "a?.b[1:].c"]) {
      expect(bare(parse(print(parse(text))))).toEqual(bare(parse(text)))
    }
    expect(bare(parse(`a?.b["c"]`))).not.toEqual(bare(parse("a?.b.c")))
  })

  it("writes what people write", () => {
    const texts = [
      `evt.Meta.log_type in ["a", "b"] && not (evt.Meta.x contains "y")`,
      "1 + 2 * 3 ** 4",
      "(1 + 2) * 3",
      "a ? b : c ? d : e",
      `evt.Unmarshaled.x?.y.z ?? ""`,
      "any(queue.Queue, { #.Meta.a == #index })",
      "let x = 1; x + 1"
    ]
    for (const text of texts) expect(print(parse(text))).toBe(text)
  })
})
