import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { catalogue } from "../../domain/events/catalogue.ts"
import type { EventType } from "../../domain/events/event.ts"
import { eventCatalogue, exampleData } from "./event-catalogue.ts"

const root = join(import.meta.dirname, "../..")

it("is what docs/events.md says; else: testudo log catalogue > docs/events.md", () => {
  expect(`${eventCatalogue().trimEnd()}\n`).toBe(readFileSync(join(root, "docs/events.md"), "utf8"))
})

it("shows examples that are events", () => {
  for (const declared of Object.values(catalogue) as unknown as ReadonlyArray<EventType<string, unknown>>) {
    const example = JSON.parse(JSON.stringify(exampleData(declared)))
    expect(() => declared.decode(example), declared.type).not.toThrow()
  }
})
