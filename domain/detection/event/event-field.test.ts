import { expect, it } from "vitest"
import { parse } from "../../expression/parse.ts"
import { fieldsIn } from "./event-field.ts"

const fields = (text: string) => fieldsIn(parse(text))?.map(({ map, key }) => `${map}.${key}`)

it("tells what an expression depends on", () => {
  expect(fields("Upper(evt.Meta.user) + evt.Parsed.host")).toEqual(["Meta.user", "Parsed.host"])
  expect(fields("evt.Meta.user + evt.Line.Raw")).toBeUndefined()
})

it("knows that an event may be reached through $env", () => {
  expect(fields("evt.Meta.user + $env.evt.Meta.source_ip")).toBeUndefined()
  expect(fields("evt.Meta.user + $env['evt'].Line.Raw")).toBeUndefined()
})
