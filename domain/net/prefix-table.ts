import { type Address, isIPv4 } from "./address.ts"
import { maskAddress, type Prefix, prefixOf } from "./prefix.ts"

/**
 * Values by prefix. A look-up costs one hash look-up for each length that occurs, however many prefixes there are.
 */
export class PrefixTable<V> {
  readonly #ipv4 = new Lengths<V>()
  readonly #ipv6 = new Lengths<V>()

  get size(): number {
    return this.#ipv4.size + this.#ipv6.size
  }

  /** Adds the prefix, or gives it another value. */
  add(prefix: Prefix, value: V): void {
    this.#family(prefix.address).set(prefix, value)
  }

  /** false: it was not there. */
  remove(prefix: Prefix): boolean {
    return this.#family(prefix.address).delete(prefix)
  }

  /** Whether exactly this prefix is there. */
  has(prefix: Prefix): boolean {
    return this.#family(prefix.address).entry(prefix) !== undefined
  }

  /** The value of exactly this prefix. */
  get(prefix: Prefix): V | undefined {
    return this.#family(prefix.address).entry(prefix)?.value
  }

  /** The value of the longest prefix that contains the address. */
  match(address: Address): V | undefined {
    return this.#family(address).longest(address)?.value
  }

  /** Whether any prefix contains the address. */
  contains(address: Address): boolean {
    return this.#family(address).longest(address) !== undefined
  }

  /** The values of all prefixes that contain all of this one, or an address; the longest prefix first. */
  matches(within: Prefix | Address): Array<V> {
    const prefix = typeof within === "object" && "length" in within ? within : prefixOf(within)
    return this.#family(prefix.address).containing(prefix)
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): IterableIterator<readonly [Prefix, V]> {
    for (const family of [this.#ipv4, this.#ipv6]) {
      for (const { prefix, value } of family.entries()) yield [prefix, value]
    }
  }

  #family(address: Address): Lengths<V> {
    return isIPv4(address) ? this.#ipv4 : this.#ipv6
  }
}

interface Entry<V> {
  readonly prefix: Prefix
  readonly value: V
}

/** A map's key: IPv4 as it is, IPv6 as eight UTF-16 units. */
const keyOf = (address: Address): number | string =>
  isIPv4(address)
    ? address
    : String.fromCharCode(
        address.a >>> 16,
        address.a & 0xffff,
        address.b >>> 16,
        address.b & 0xffff,
        address.c >>> 16,
        address.c & 0xffff,
        address.d >>> 16,
        address.d & 0xffff
      )

/** The prefixes of one address family. */
class Lengths<V> {
  size = 0
  /** By length; only lengths that occur, the longest first. */
  #buckets: Array<{ readonly length: number; readonly entries: Map<number | string, Entry<V>> }> = []

  set(prefix: Prefix, value: V): void {
    let bucket = this.#bucket(prefix.length)
    if (bucket === undefined) {
      bucket = { length: prefix.length, entries: new Map() }
      this.#buckets.push(bucket)
      this.#buckets.sort((one, other) => other.length - one.length)
    }
    const before = bucket.entries.size
    bucket.entries.set(keyOf(prefix.address), { prefix, value })
    this.size += bucket.entries.size - before
  }

  delete(prefix: Prefix): boolean {
    const bucket = this.#bucket(prefix.length)
    if (bucket === undefined || !bucket.entries.delete(keyOf(prefix.address))) return false
    this.size--
    if (bucket.entries.size === 0) this.#buckets = this.#buckets.filter((other) => other !== bucket)
    return true
  }

  entry(prefix: Prefix): Entry<V> | undefined {
    return this.#bucket(prefix.length)?.entries.get(keyOf(prefix.address))
  }

  longest(address: Address): Entry<V> | undefined {
    for (const { length, entries } of this.#buckets) {
      const entry = entries.get(keyOf(maskAddress(address, length)))
      if (entry !== undefined) return entry
    }
    return undefined
  }

  containing(prefix: Prefix): Array<V> {
    const values: Array<V> = []
    for (const { length, entries } of this.#buckets) {
      if (length > prefix.length) continue
      const entry = entries.get(keyOf(maskAddress(prefix.address, length)))
      if (entry !== undefined) values.push(entry.value)
    }
    return values
  }

  *entries(): IterableIterator<Entry<V>> {
    for (const { entries } of this.#buckets) yield* entries.values()
  }

  #bucket(length: number): { readonly length: number; readonly entries: Map<number | string, Entry<V>> } | undefined {
    return this.#buckets.find((bucket) => bucket.length === length)
  }
}
