import { expect, test } from "vitest"
import { eventEnvironment } from "../../expression/environment/event.ts"
import { compileExpression, emptyContext } from "../../expression/expression.ts"
import { parse } from "../../expression/parse.ts"
import { print } from "../../expression/print.ts"
import { preconditionOf } from "./precondition.ts"

const files = {
  ...emptyContext.files,
  lines: (name: string) => (name === "list.txt" ? ["/.Env", "/.git/"] : undefined),
  entries: (name: string) =>
    name === "tags.json"
      ? [
          new Map([
            ["pattern", "/wp-"],
            ["type", "contains"]
          ]),
          new Map([
            ["pattern", "x+adminer[0-9]"],
            ["type", "regex"]
          ])
        ]
      : undefined
}

const known = (filter: string) => {
  const context = { ...emptyContext, files }
  const { guards, isGuards, literals } = preconditionOf(parse(filter), files, (part) => {
    return compileExpression(print(part), { environment: eventEnvironment, context }).evaluate
  })
  return {
    guards: guards.map(({ field }) => `${field.map}.${field.key}`),
    isGuards,
    literals: literals?.map(({ field, text }) => `${field.map}.${field.key} ${text}`)
  }
}

test("comparisons of one field with constants are guards", () => {
  expect(known("evt.Meta.log_type == 'a' and Upper(evt.Parsed.verb) in ['GET', 'HEAD']")).toEqual({
    guards: ["Meta.log_type", "Parsed.verb"],
    isGuards: true,
    literals: undefined
  })
  expect(known("evt.Meta.status != '404' && evt.Parsed.path contains '/x'")).toMatchObject({
    guards: ["Meta.status"],
    isGuards: false
  })
  expect(known("if (evt.Meta.service == 'http') { evt.Meta.verb == 'GET' } else { false }").guards).toHaveLength(2)
})

test("behind what may fail or write, nothing is a guard", () => {
  for (const beginning of ["evt.SetMeta('x', 'y')", "evt.Unmarshaled.x.y == 'z'", "int(evt.Meta.n) > 3"])
    expect(known(`${beginning} && evt.Meta.log_type == 'a' && evt.Meta.path contains '/x'`)).toEqual({
      guards: [],
      isGuards: false,
      literals: undefined
    })
})

test("texts that must be there are found through lists, functions, lets and patterns", () => {
  const literals = (filter: string) => known(filter).literals
  expect(literals("any(File('list.txt'), {Upper(evt.Meta.path) contains Upper(#)})")).toEqual([
    "Meta.path /.ENV",
    "Meta.path /.GIT/"
  ])
  expect(literals("evt.Parsed.name in File('list.txt')")).toEqual(["Parsed.name /.Env", "Parsed.name /.git/"])
  expect(literals("Lower(evt.Meta.path) endsWith Upper('/x')")).toEqual(["Meta.path /X"])
  expect(literals("let uri = Lower(evt.Meta.path); uri contains '/a' or uri endsWith '/b'")).toEqual([
    "Meta.path /a",
    "Meta.path /b"
  ])
  expect(literals("let t = LookupFile(evt.Meta.path, 'tags.json'); t != '' ? evt.SetMeta('t', t) : false")).toEqual([
    "Meta.path /wp-",
    "Meta.path adminer"
  ])
  expect(literals("Upper(QueryUnescape(evt.Meta.path)) startsWith '/X?Y='")).toEqual([
    "Meta.path /X?Y=",
    "Meta.path %",
    "Meta.path +"
  ])
  expect(literals("evt.Meta.path matches '(?i)/(?:phpinfo|list)[.]php[0-9]'")).toEqual([
    "Meta.path phpinfo",
    "Meta.path list"
  ])
})

test("where one part needs no text, none is needed", () => {
  for (const filter of [
    "evt.Meta.path contains '/x' || evt.Parsed.verb != ''",
    "not (evt.Meta.path contains '/x')",
    "evt.Meta.path contains ''",
    "evt.Meta.path contains evt.Meta.other",
    "evt.Meta.path matches '^[0-9]+$'",
    "len(evt.Meta.path) > 3",
    "evt.Meta.path contains 'x' ? true : true"
  ])
    expect(known(filter).literals).toBeUndefined()
})
