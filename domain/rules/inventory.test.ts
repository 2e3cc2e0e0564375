import fc from "fast-check"
import { expect, it } from "vitest"
import type { RuleFile } from "./rule.ts"
import { orderFiles, rulesetHash, rulesetItems } from "./inventory.ts"

const file = (kind: RuleFile["kind"], path: string, content = path): RuleFile => ({
  kind,
  path,
  file: `/hub/${path}`,
  version: "0.1",
  content: new TextEncoder().encode(content)
})

const files = [
  file("profiles", "b.yaml.local"),
  file("profiles", "a.yaml"),
  file("scenarios", "scenarios/z/a.yaml"),
  file("scenarios", "scenarios/a/z.yaml"),
  file("parsers", "parsers/s02-enrich/a/a.yaml"),
  file("parsers", "parsers/s01-parse/zed/apache2-logs.yaml"),
  file("parsers", "parsers/s01-parse/abe/nginx-logs.yaml"),
  file("parsers", "parsers/s01-parse/abe/Nginx.yaml"),
  file("patterns", "ssh"),
  file("data", "web/agents.txt")
]

it("parsers run by stage and file name, whoever wrote them; profiles keep their order", () => {
  expect(orderFiles(files).map(({ path }) => path)).toEqual([
    "ssh",
    "web/agents.txt",
    "parsers/s01-parse/abe/Nginx.yaml",
    "parsers/s01-parse/zed/apache2-logs.yaml",
    "parsers/s01-parse/abe/nginx-logs.yaml",
    "parsers/s02-enrich/a/a.yaml",
    "scenarios/a/z.yaml",
    "scenarios/z/a.yaml",
    "b.yaml.local",
    "a.yaml"
  ])
})

it("the hash does not depend on the order of the files", () => {
  const hash = rulesetHash(files, "1")
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  fc.assert(
    fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
      expect(rulesetHash(shuffled, "1")).toBe(hash)
    })
  )
})

it("the hash depends on everything else", () => {
  const one = file("data", "a", "x")
  const others = [
    rulesetHash([one], "1"),
    rulesetHash([one], "2"),
    rulesetHash([], "1"),
    rulesetHash([file("data", "a", "y")], "1"),
    rulesetHash([file("data", "b", "x")], "1"),
    rulesetHash([file("patterns", "a", "x")], "1"),
    rulesetHash([one, one], "1")
  ]
  expect(new Set(others).size).toBe(others.length)
  // Where it lies on this machine does not count.
  expect(rulesetHash([{ ...one, file: "/elsewhere/a" }], "1")).toBe(others[0])
})

it("items are named as collections name them", () => {
  expect(rulesetItems(files).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "patterns ssh",
    "data web/agents.txt",
    "parsers abe/Nginx",
    "parsers zed/apache2-logs",
    "parsers abe/nginx-logs",
    "parsers a/a",
    "scenarios a/z",
    "scenarios z/a",
    "profiles b.yaml.local",
    "profiles a.yaml"
  ])
  expect(rulesetItems([file("data", "x", "abc")])[0]!.hash).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  )
})
