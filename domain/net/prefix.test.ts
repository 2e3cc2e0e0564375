import * as fc from "fast-check"
import { BlockList, isIPv6 } from "node:net"
import { describe, expect, it } from "vitest"
import { formatAddress, parseAddress } from "./address.ts"
import { formatPrefix, parsePrefix, prefixContains, prefixContainsPrefix } from "./prefix.ts"

const canonical = (text: string): string | undefined => {
  const prefix = parsePrefix(text)
  return prefix === undefined ? undefined : formatPrefix(prefix)
}

describe("parsePrefix", () => {
  it.each([
    ["192.0.2.77/24", "192.0.2.0/24"],
    ["192.0.2.77", "192.0.2.77/32"],
    ["255.255.255.255/0", "0.0.0.0/0"],
    ["255.255.255.255/1", "128.0.0.0/1"],
    ["10.1.2.3/31", "10.1.2.2/31"],
    ["2001:db8:ffff::1/33", "2001:db8:8000::/33"],
    ["::1", "::1/128"],
    ["ffff::/0", "::/0"],
    ["2001:db8::1/96", "2001:db8::/96"],
    ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
    ["::ffff:10.1.2.3/96", "0.0.0.0/0"],
    ["::ffff:10.1.2.3/90", "::ffc0:0:0/90"],
    ["::ffff:10.1.2.3/64", "::/64"]
  ])("reads %s as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    "",
    "/",
    "/24",
    "1.2.3.4/",
    "1.2.3.4/33",
    "1.2.3.4/-1",
    "1.2.3.4/+8",
    "1.2.3.4/08",
    "1.2.3.4/8/8",
    "1.2.3.4/ 8"
  ])("refuses %j", (text) => {
    expect(parsePrefix(text)).toBeUndefined()
  })

  it.each(["::/129", "::ffff:1.2.3.4/129", "fe80::1%eth0/64", "1.2.3/8", "::/1e2", "::/0x10"])("refuses %j", (text) => {
    expect(parsePrefix(text)).toBeUndefined()
  })
})

const addressText = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.nat(255).map((last) => `192.0.2.${last}`),
  fc.nat(65_535).map((last) => `2001:db8::${last.toString(16)}`)
)
const prefixText = addressText.chain((text) =>
  fc.nat(text.includes(":") ? 128 : 32).map((length) => `${text}/${length}`)
)

describe("prefixContains", () => {
  it("agrees with Node", () => {
    fc.assert(
      fc.property(prefixText, addressText, (prefixed, text) => {
        const prefix = parsePrefix(prefixed)!
        const address = parseAddress(text)!
        const list = new BlockList()
        const [first, length] = formatPrefix(prefix).split("/") as [string, string]
        list.addSubnet(first, Number(length), isIPv6(first) ? "ipv6" : "ipv4")
        const same = isIPv6(first) === isIPv6(formatAddress(address))
        expect(prefixContains(prefix, address)).toBe(
          same && list.check(formatAddress(address), isIPv6(first) ? "ipv6" : "ipv4")
        )
      }),
      { numRuns: 1000 }
    )
  })

  it("keeps the families apart", () => {
    expect(prefixContains(parsePrefix("::/0")!, parseAddress("1.2.3.4")!)).toBe(false)
    expect(prefixContains(parsePrefix("0.0.0.0/0")!, parseAddress("::1")!)).toBe(false)
    expect(prefixContains(parsePrefix("0.0.0.0/0")!, parseAddress("::ffff:1.2.3.4")!)).toBe(true)
  })

  it("contains what it was made of", () => {
    fc.assert(
      fc.property(prefixText, (text) => {
        expect(prefixContains(parsePrefix(text)!, parseAddress(text.split("/")[0]!)!)).toBe(
          !(text.startsWith("::ffff:") && Number(text.split("/")[1]) < 96)
        )
      })
    )
  })
})

describe("prefixContainsPrefix", () => {
  it.each([
    ["10.0.0.0/8", "10.1.0.0/16", true],
    ["10.0.0.0/8", "10.0.0.0/8", true],
    ["10.1.0.0/16", "10.0.0.0/8", false],
    ["10.0.0.0/8", "11.0.0.0/16", false],
    ["0.0.0.0/0", "::/0", false],
    ["2001:db8::/32", "2001:db8:1::/48", true]
  ])("%s contains %s: %s", (outer, inner, expected) => {
    expect(prefixContainsPrefix(parsePrefix(outer)!, parsePrefix(inner)!)).toBe(expected)
  })
})
