import * as fc from "fast-check"
import { isIP } from "node:net"
import { describe, expect, it } from "vitest"
import { formatAddress, isIPv4, parseAddress } from "./address.ts"

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text)
  return address === undefined ? undefined : formatAddress(address)
}

describe("parseAddress", () => {
  it.each([
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["192.0.2.1", "192.0.2.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"]
  ])("reads %s as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4.",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "00.0.0.0",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.-4",
    "+1.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4/32",
    "१.२.३.४",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "00001::",
    "g::",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "::1.2.3",
    "::1.2.3.4.5",
    "::01.2.3.4",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3.4:5",
    "fe80::1%eth0",
    "fe80::1%",
    "[::1]",
    "::ffff:1.2.3.4/96",
    "1".repeat(1000)
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it("takes a mapped address for IPv4", () => {
    expect(isIPv4(parseAddress("::ffff:1.2.3.4")!)).toBe(true)
    expect(isIPv4(parseAddress("::1.2.3.4")!)).toBe(false)
    expect(parseAddress("::ffff:1.2.3.4")).toBe(parseAddress("1.2.3.4"))
  })

  it("agrees with Node on what is an address", () => {
    const alphabet = fc.constantFrom("0", "1", "25", "255", "256", "a", "F", "ffff", ":", "::", ".", "%", "/", " ")
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(alphabet, { maxLength: 17 }),
          fc.ipV4().map((ip) => [ip]),
          fc.ipV6().map((ip) => [ip])
        ),
        (parts) => {
          const text = parts.join("")
          expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes("%"))
        }
      ),
      { numRuns: 2000 }
    )
  })

  it("gives equal addresses equal texts, which read back", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text)!
        expect(parseAddress(formatAddress(address))).toEqual(address)
      })
    )
  })

  it("writes IPv6 as the URL standard does", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseAddress(text)!
        if (!isIPv4(address)) expect(`[${formatAddress(address)}]`).toBe(new URL(`http://[${text}]/`).hostname)
      })
    )
  })
})
