import { describe, expect, it } from "vitest"
import { exampleOverflow } from "../decision/example.fixture.ts"
import { OverflowRaised } from "./overflow.ts"

const withLabels = (labels: unknown) => ({ ...exampleOverflow(), labels })

const decodes = (data: unknown): boolean => {
  try {
    OverflowRaised.decode(data)
    return true
  } catch {
    return false
  }
}

describe("the labels of an overflow", () => {
  const round: Array<unknown> = []
  round.push(round)

  it.each([
    ["texts, numbers and the like", { service: "ssh", confidence: 3, share: 0.5, remediation: true, none: null }, true],
    ["lists and objects", { list: [1, ["a"], { b: [] }], more: { of: { it: "x" } } }, true],
    ["something undefined", { a: undefined }, false],
    ["a number that JSON cannot write", { a: [Number.NaN] }, false],
    ["a list with a gap", { a: new Array(2) }, false],
    ["what is no plain object", { a: new Map() }, false],
    ["what has no end", { a: round }, false]
  ])("%s", (_, labels, fit) => {
    expect([OverflowRaised.fits(withLabels(labels)), decodes(withLabels(labels))]).toEqual([fit, fit])
  })
})
