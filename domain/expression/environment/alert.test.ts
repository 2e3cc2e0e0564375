import { expect, it } from "vitest"
import { evaluate, exampleEvent } from "../example.fixture.ts"
import { sourceObject } from "./alert.ts"

it.each([
  [{ scope: "Ip", value: "192.0.2.1", country: "FR", asNumber: "64500" }, "ip 192.0.2.1 (FR/64500)"],
  [{ scope: "Ip", value: "192.0.2.1", asNumber: "64500" }, "ip 192.0.2.1 (/64500)"],
  [{ scope: "Range", value: "192.0.2.0/24" }, "range 192.0.2.0/24"],
  [{ scope: "username", value: "root", country: "FR" }, "username root"],
  [{ scope: "", value: "" }, "empty source"]
])("a source is told as CrowdSec does: %o", (source, text) => {
  const { Overflow } = exampleEvent()
  const event = exampleEvent({ Overflow: { ...Overflow, Sources: new Map([["x", sourceObject(source)]]) } })
  expect(evaluate("evt.Overflow.Sources['x'].String()", event)).toBe(text)
  expect(evaluate("Sprintf('%s', evt.Overflow.Sources['x'])", event)).toBe(text)
})
