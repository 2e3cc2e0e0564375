import fc from "fast-check"
import { expect, it } from "vitest"
import { formatProblem } from "../document/problem.ts"
import type { RuleFile } from "./rule.ts"
import { file } from "./rule-file.fixture.ts"
import { readCollections, readRules } from "./rule-file.ts"

it("a collection names its members with their lines", () => {
  const content = new TextEncoder().encode(
    "name: me/all\nparsers:\n  - a/b\ncollections:\n  - c/d\n  - e/f\nauthor: me\n"
  )
  expect(readCollections("c.yaml", content)).toMatchObject({
    problems: [],
    collections: [
      {
        name: "me/all",
        members: {
          parsers: [{ text: "a/b", line: 3 }],
          scenarios: [],
          collections: [{ line: 5 }, { text: "e/f", line: 6 }]
        }
      }
    ]
  })
})

it("the same file is read once", () => {
  const same = file("scenarios", "x")
  expect(readRules(same)).toBe(readRules(same))
})

it("what is written at random never throws, and says where", () => {
  const keys = [
    "name",
    "type",
    "filter",
    "nodes",
    "grok",
    "statics",
    "labels",
    "data",
    "scope",
    "capacity",
    "whitelist",
    "stash",
    "decisions",
    "pattern_syntax",
    "x",
    "<<"
  ]
  const value = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("leaky", "10s", "1")
    ),
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      tie("leaf"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 5 })
    )
  })).tree
  const kind = fc.constantFrom<RuleFile["kind"]>("parsers", "scenarios", "profiles", "patterns", "data")
  fc.assert(
    fc.property(kind, fc.dictionary(fc.constantFrom(...keys), value, { minKeys: 1 }), (which, tree) => {
      // JSON is YAML.
      const { rules, problems } = readRules(file(which, JSON.stringify(tree)))
      if (which === "patterns" || which === "data") expect(problems).toEqual([])
      else expect(rules.length + problems.length).toBeGreaterThan(0)
      for (const problem of problems)
        expect(formatProblem(problem)).toMatch(/^x\.yaml(, line \d+)?: [^\n]+ \(TST-RULE-[A-Z-]+\)$/)
    }),
    { numRuns: 1_000 }
  )
  fc.assert(
    fc.property(kind, fc.uint8Array({ maxLength: 300 }), (which, bytes) => {
      readRules(file(which, bytes))
    })
  )
})
