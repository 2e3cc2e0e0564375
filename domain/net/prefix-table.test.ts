import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseAddress } from "./address.ts"
import { formatPrefix, type Prefix, parsePrefix, prefixContains } from "./prefix.ts"
import { PrefixTable } from "./prefix-table.ts"

const prefix = (text: string): Prefix => parsePrefix(text)!

describe("PrefixTable", () => {
  it("finds the longest prefix", () => {
    const table = new PrefixTable<string>()
    for (const text of ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "2001:db8::/32"]) table.add(prefix(text), text)
    expect(table.size).toBe(5)
    expect(table.match(parseAddress("10.1.2.3")!)).toBe("10.1.2.3")
    expect(table.match(parseAddress("10.1.2.4")!)).toBe("10.1.0.0/16")
    expect(table.match(parseAddress("10.2.0.0")!)).toBe("10.0.0.0/8")
    expect(table.match(parseAddress("11.0.0.0")!)).toBeUndefined()
    expect(table.match(parseAddress("2001:db8::1")!)).toBe("2001:db8::/32")
    expect(table.match(parseAddress("3000::")!)).toBe("::/0")
    expect(table.matches(parseAddress("10.1.2.3")!)).toEqual(["10.1.2.3", "10.1.0.0/16", "10.0.0.0/8"])
    expect(table.matches(parseAddress("2001:db8::1")!)).toEqual(["2001:db8::/32", "::/0"])
    expect(table.matches(prefix("10.1.0.0/24"))).toEqual(["10.1.0.0/16", "10.0.0.0/8"])
    expect([...table.values()].sort()).toEqual(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "::/0"])
  })

  it("tells exact prefixes from covered ones", () => {
    const table = new PrefixTable<number>()
    table.add(prefix("10.0.0.0/8"), 1)
    expect(table.has(prefix("10.0.0.0/8"))).toBe(true)
    expect(table.has(prefix("10.0.0.0/9"))).toBe(false)
    expect(table.contains(parseAddress("10.200.0.1")!)).toBe(true)
    table.add(prefix("10.0.0.0/8"), 2)
    expect(table.size).toBe(1)
    expect(table.get(prefix("10.0.0.0/8"))).toBe(2)
    expect(table.remove(prefix("10.0.0.0/9"))).toBe(false)
    expect(table.remove(prefix("10.0.0.0/8"))).toBe(true)
    expect(table.remove(prefix("10.0.0.0/8"))).toBe(false)
    expect(table.size).toBe(0)
    expect(table.contains(parseAddress("10.200.0.1")!)).toBe(false)
  })

  it("keeps a value of undefined apart from no match", () => {
    const table = new PrefixTable<undefined>()
    table.add(prefix("10.0.0.0/8"), undefined)
    expect(table.has(prefix("10.0.0.0/8"))).toBe(true)
    expect(table.contains(parseAddress("10.0.0.1")!)).toBe(true)
  })

  it("does what a list of all prefixes would do", () => {
    // Few bits, so that prefixes meet and cover each other.
    const address = fc
      .tuple(fc.boolean(), fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 3 }))
      .map(([six, high, low]) => (six ? `2001:db8:${(high << 12).toString(16)}::${low}` : `10.${high << 4}.0.${low}`))
    const operation = fc
      .tuple(fc.boolean(), address, fc.constantFrom(0, 8, 9, 10, 12, 16, 31, 32, 34, 36, 48, 127, 128))
      .map(([add, text, length]) => ({
        add,
        prefix: prefix(`${text}/${text.includes(":") ? length : Math.min(32, length)}`)
      }))
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), fc.array(address, { maxLength: 10 }), (operations, texts) => {
        const table = new PrefixTable<string>()
        const model = new Map<string, Prefix>()
        for (const { add, prefix: each } of operations) {
          const name = formatPrefix(each)
          if (add) {
            table.add(each, name)
            model.set(name, each)
          } else expect(table.remove(each)).toBe(model.delete(name))
        }
        expect(table.size).toBe(model.size)
        expect([...table.values()].sort()).toEqual([...model.keys()].sort())
        for (const text of texts) {
          const looked = parseAddress(text)!
          const matching = [...model.values()]
            .filter((each) => prefixContains(each, looked))
            .sort((one, other) => other.length - one.length)
            .map(formatPrefix)
          expect(table.matches(looked)).toEqual(matching)
          expect(table.match(looked)).toBe(matching[0])
        }
      })
    )
  })
})
