/** Addresses and ranges as numbers, and an index of ranges by what they contain. */
import ipaddr from "ipaddr.js"

/** All addresses that share their first `length` bits with `first`: a single address when the length is the family's. */
export interface Block {
  readonly family: 4 | 6
  readonly first: bigint
  readonly length: number
}

const bits = { 4: 32, 6: 128 } as const

const masked = (family: 4 | 6, address: bigint, length: number): bigint => {
  const host = BigInt(bits[family] - length)
  return (address >> host) << host
}

const strictIPv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

const number = (bytes: ReadonlyArray<number>): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

/** An address; one of IPv4 in IPv6's clothes (`::ffff:192.0.2.1`) is the IPv4 address. Undefined for anything else. */
const parseAddress = (text: string): Block | undefined => {
  if (strictIPv4.test(text)) return { family: 4, first: number(ipaddr.IPv4.parse(text).octets), length: 32 }
  if (!text.includes(":") || text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined
  const address = ipaddr.IPv6.parse(text)
  return address.isIPv4MappedAddress()
    ? { family: 4, first: number(address.toIPv4Address().octets), length: 32 }
    : { family: 6, first: number(address.toByteArray()), length: 128 }
}

/** An address or a range in CIDR notation (bits behind its length are cleared), or undefined. At most 64 characters. */
export const parseBlock = (text: string): Block | undefined => {
  if (text.length > 64) return undefined
  const slash = text.indexOf("/")
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined || slash < 0) return address
  const digits = text.slice(slash + 1)
  const mapped = address.family === 4 && text.includes(":")
  const length = /^(?:0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) - (mapped ? 96 : 0) : -1
  if (length < 0 || length > bits[address.family]) return undefined
  return { family: address.family, first: masked(address.family, address.first, length), length }
}

export const isAddress = (block: Block): boolean => block.length === bits[block.family]

const bytes = ({ family, first }: Block): Array<number> =>
  Array.from({ length: bits[family] / 8 }, (_, index) =>
    Number((first >> BigInt(bits[family] - 8 * (index + 1))) & 255n)
  )

/** Canonical text of the address (RFC 5952 for IPv6), without a length. */
export const addressText = (block: Block): string =>
  block.family === 4 ? bytes(block).join(".") : new ipaddr.IPv6(bytes(block)).toRFC5952String()

/** Canonical text of the range in CIDR notation, also of a single address. */
export const rangeText = (block: Block): string => `${addressText(block)}/${block.length}`

/** Whether every address of `inner` is one of `outer`. Families never match across. */
export const contains = (outer: Block, inner: Block): boolean =>
  outer.family === inner.family &&
  outer.length <= inner.length &&
  masked(inner.family, inner.first, outer.length) === outer.first

const lengths = () => ({ 4: new Map<number, number>(), 6: new Map<number, number>() })

/** Items by block. Finding what contains an address takes one probe for each length that occurs. */
export class BlockIndex<Item> {
  readonly #items = new Map<string, { readonly block: Block; readonly items: Set<Item> }>()
  readonly #lengths = lengths()

  static #key = (family: 4 | 6, first: bigint, length: number): string => `${family}/${length}/${first.toString(36)}`

  add(block: Block, item: Item): void {
    const key = BlockIndex.#key(block.family, block.first, block.length)
    const known = this.#items.get(key)
    if (known !== undefined) {
      known.items.add(item)
      return
    }
    this.#items.set(key, { block, items: new Set([item]) })
    const counts = this.#lengths[block.family]
    counts.set(block.length, (counts.get(block.length) ?? 0) + 1)
  }

  remove(block: Block, item: Item): void {
    const key = BlockIndex.#key(block.family, block.first, block.length)
    const known = this.#items.get(key)
    if (known === undefined || !known.items.delete(item) || known.items.size > 0) return
    this.#items.delete(key)
    const counts = this.#lengths[block.family]
    const left = (counts.get(block.length) ?? 1) - 1
    if (left > 0) counts.set(block.length, left)
    else counts.delete(block.length)
  }

  /** Items of the blocks that contain this one, itself included. */
  *containing(block: Block): Generator<Item> {
    for (const length of this.#lengths[block.family].keys()) {
      if (length > block.length) continue
      const key = BlockIndex.#key(block.family, masked(block.family, block.first, length), length)
      yield* this.#items.get(key)?.items ?? []
    }
  }

  /** Items of the blocks that this one contains, itself included. Looks at every block. */
  *inside(block: Block): Generator<Item> {
    for (const known of this.#items.values()) if (contains(block, known.block)) yield* known.items
  }
}
