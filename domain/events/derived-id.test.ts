import { hash } from "node:crypto"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { derivedId } from "./derived-id.ts"

it("gives the ids that logs are full of", () => {
  expect(derivedId("overflow", "hash", 7)).toBe("8fb344de-17df-5296-9317-eef978418d4d")
  expect(derivedId("grün", "\0", "")).toBe("b35f4e0e-bbbd-5e99-988a-46fc7d9a412f")
})

it("is the UUIDv5 of RFC 9562 for every name", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 }), (parts) => {
      const name = parts.map((part) => part.replaceAll("\0", "\0\0")).join("\0.")
      const namespace = Buffer.from("5b1d5d1e6b1c4a399d0f2f6a51b8a7c4", "hex")
      const hex = hash("sha1", Buffer.concat([namespace, Buffer.from(name)]), "hex")
      const id = derivedId(...parts)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      const [plain, own] = [hex, id.replaceAll("-", "")].map(
        (text) => text.slice(0, 12) + text.slice(13, 16) + text.slice(17, 32)
      )
      expect(own).toBe(plain)
    })
  )
})
