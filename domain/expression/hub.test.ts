import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import type { Environment } from "./environment.ts"
import { bucketEnvironment } from "./environment/bucket.ts"
import { eventEnvironment } from "./environment/event.ts"
import { compileExpression, ExpressionError } from "./expression.ts"
import type { ExpectedKind } from "./expression.ts"
import { parse } from "./parse.ts"
import { print } from "./print.ts"

const hub = join(import.meta.dirname, "../../../shared/hub")

interface Found {
  readonly text: string
  readonly file: string
  readonly environment: Environment
  readonly expect: ExpectedKind
}

const keys: Readonly<Record<string, { environment: Environment; expect: ExpectedKind }>> = {
  filter: { environment: eventEnvironment, expect: "bool" },
  groupby: { environment: eventEnvironment, expect: "string" },
  distinct: { environment: eventEnvironment, expect: "string" },
  cancel_on: { environment: eventEnvironment, expect: "bool" },
  expression: { environment: eventEnvironment, expect: "any" },
  condition: { environment: bucketEnvironment, expect: "bool" }
}

/** Every expression of a rule: filters, groupings, statics, whitelists, stashes, scopes. */
const expressionsOf = (file: string): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    for (const [key, item] of Object.entries(value)) {
      const meaning = keys[key]
      const texts = Array.isArray(item) ? item : [item]
      if (meaning !== undefined && texts.every((text) => typeof text === "string")) {
        const whitelist: ExpectedKind = Array.isArray(item) ? "bool" : meaning.expect
        for (const text of texts) found.push({ text, file, environment: meaning.environment, expect: whitelist })
      } else if (key === "stash") {
        for (const stash of texts as ReadonlyArray<{ key: string; value: string }>) {
          for (const text of [stash.key, stash.value]) {
            found.push({ text, file, environment: eventEnvironment, expect: "string" })
          }
        }
      } else walk(item)
    }
  }
  for (const document of parseAllDocuments(readFileSync(join(hub, file), "utf8"), { schema: "failsafe" })) {
    walk(document.toJS())
  }
  return found
}

const found = ["parsers", "postoverflows", "scenarios"].flatMap((kind) =>
  (readdirSync(join(hub, kind), { recursive: true }) as Array<string>)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .flatMap((name) => expressionsOf(join(kind, name)))
)

describe("the hub's expressions", () => {
  it("are all found", () => {
    expect(found.length).toBeGreaterThan(3100)
  })

  it("all load, with the type that their key wants", () => {
    const failures = found.flatMap(({ text, file, environment, expect: wanted }) => {
      try {
        compileExpression(text, { environment, expect: wanted })
        return []
      } catch (error) {
        if (error instanceof ExpressionError)
          return [`${file}: ${error.line}:${error.column} ${error.message}\n${text}`]
        throw error
      }
    })
    expect(failures).toEqual([])
  })

  it("are the same after printing and parsing", () => {
    for (const { text } of found) {
      const printed = print(parse(text))
      expect(print(parse(printed))).toBe(printed)
    }
  })
})
