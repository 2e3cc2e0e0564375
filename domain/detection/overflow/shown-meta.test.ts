import { describe, expect, it } from "vitest"
import * as fc from "fast-check"
import { KeptFields } from "../../text/fields.ts"
import { shownMeta } from "./shown-meta.ts"

const key = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__"), fc.string())
const meta = fc.uniqueArray(fc.tuple(key, fc.constantFrom("x", "y", "z")), {
  selector: ([name]) => name,
  maxLength: 40
})

describe("the meta of events in a row", () => {
  it("is what each of them has, sorted by key, whatever those before had", () => {
    fc.assert(
      fc.property(fc.array(meta, { maxLength: 8 }), (rows) => {
        const shown = rows.map((entries) => shownMeta(new KeptFields("Meta", entries)))
        const own = rows.map((entries) =>
          entries.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([Key, Value]) => ({ Key, Value }))
        )
        expect(shown).toEqual(own)
      })
    )
  })
})
