/** Addresses and ranges as some functions give them: expressions get their text with `.String()`. */
import { parseAddress } from "../net/address.ts"
import { parsePrefix, prefixContains } from "../net/prefix.ts"
import type { StructType } from "./type.ts"
import { boolType, method, stringType, struct, typeOfObject } from "./type.ts"

/** Go's `net.IP`. */
export class IpAddress {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get [typeOfObject](): StructType {
    return ipAddressType
  }
}

export const ipAddressType: StructType = struct("IP", {
  goName: "net/netip.Addr",
  methods: () => ({ String: method([], stringType, ({ text }: IpAddress) => text) })
})

/** Go's `net.IPNet`; `text` is in CIDR notation. */
export class IpRange {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get [typeOfObject](): StructType {
    return ipRangeType
  }

  contains({ text }: IpAddress): boolean {
    const prefix = parsePrefix(this.text)
    const address = parseAddress(text)
    return prefix !== undefined && address !== undefined && prefixContains(prefix, address)
  }
}

export const ipRangeType: StructType = struct("IPNet", {
  goName: "net.IPNet",
  methods: () => ({
    String: method([], stringType, ({ text }: IpRange) => text),
    Contains: method([ipAddressType], boolType, (range: IpRange, address: IpAddress) => range.contains(address))
  })
})
