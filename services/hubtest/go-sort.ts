/**
 * Sorting as Go's `sort.Sort` does it since 1.19: pattern-defeating quicksort (Orson Peters). It is not stable, and the
 * order in which it leaves equal items is part of what hub tests expect, so every choice of
 * Go's is made here as well: where the pivot comes from, when it gives up, how it shuffles.
 */

/** Up to this many items are sorted by insertion, which keeps equal ones in their order. */
const insertionLength = 12
const shortestNinther = 50
const shortestShifting = 50
const mostShifts = 5

/** Sorts in place. */
export const goSort = <A>(items: Array<A>, less: (left: A, right: A) => boolean): void => {
  if (items.length < 2) return
  new Sort(items, less).range(0, items.length, bitLength(items.length))
}

const bitLength = (value: number): number => 32 - Math.clz32(value)

interface Pivot {
  readonly at: number
  readonly hint: "increasing" | "decreasing" | "unknown"
}

/** Ranges go from `from` inclusive to `to` exclusive. */
class Sort<A> {
  readonly #items: Array<A>
  readonly #less: (left: A, right: A) => boolean

  constructor(items: Array<A>, less: (left: A, right: A) => boolean) {
    this.#items = items
    this.#less = less
  }

  /** `patience`: how many bad pivots are borne before heap sort takes over. */
  range(from: number, to: number, patience: number): void {
    let balanced = true
    let partitioned = true
    for (;;) {
      const length = to - from
      if (length <= insertionLength) {
        this.#insertion(from, to)
        return
      }
      if (patience === 0) {
        this.#heap(from, to)
        return
      }
      if (!balanced) {
        this.#shuffle(from, to)
        patience -= 1
      }
      let { at: pivot, hint } = this.#choosePivot(from, to)
      if (hint === "decreasing") {
        this.#reverse(from, to)
        pivot = to - 1 - (pivot - from)
        hint = "increasing"
      }
      if (balanced && partitioned && hint === "increasing" && this.#nearlySorted(from, to)) return
      // Nothing is less than what stands before the range; if the pivot is no greater, it is equal to it.
      if (from > 0 && !this.#isLess(from - 1, pivot)) {
        from = this.#partitionEqual(from, to, pivot)
        continue
      }
      const middle = this.#partition(from, to, pivot)
      partitioned = middle.already
      const left = middle.at - from
      const right = to - middle.at
      balanced = Math.min(left, right) >= Math.floor(length / 8)
      if (left < right) {
        this.range(from, middle.at, patience)
        from = middle.at + 1
      } else {
        this.range(middle.at + 1, to, patience)
        to = middle.at
      }
    }
  }

  #isLess(left: number, right: number): boolean {
    return this.#less(this.#items[left]!, this.#items[right]!)
  }

  #swap(one: number, other: number): void {
    const item = this.#items[one]!
    this.#items[one] = this.#items[other]!
    this.#items[other] = item
  }

  #insertion(from: number, to: number): void {
    for (let next = from + 1; next < to; next++) {
      for (let at = next; at > from && this.#isLess(at, at - 1); at--) this.#swap(at, at - 1)
    }
  }

  #heap(from: number, to: number): void {
    const length = to - from
    for (let root = Math.floor((length - 1) / 2); root >= 0; root--) this.#siftDown(root, length, from)
    for (let last = length - 1; last >= 0; last--) {
      this.#swap(from, from + last)
      this.#siftDown(0, last, from)
    }
  }

  #siftDown(root: number, length: number, first: number): void {
    for (let parent = root; ; ) {
      let child = 2 * parent + 1
      if (child >= length) return
      if (child + 1 < length && this.#isLess(first + child, first + child + 1)) child += 1
      if (!this.#isLess(first + parent, first + child)) return
      this.#swap(first + parent, first + child)
      parent = child
    }
  }

  #reverse(from: number, to: number): void {
    for (let left = from, right = to - 1; left < right; left++, right--) this.#swap(left, right)
  }

  /** Scatters three items around the middle, by a generator that is seeded with the length. */
  #shuffle(from: number, to: number): void {
    const length = to - from
    if (length < 8) return
    const mask = (1n << BigInt(bitLength(length))) - 1n
    const middle = from + Math.floor(length / 4) * 2 - 1
    let random = BigInt(length)
    for (let step = 0; step < 3; step++) {
      random ^= BigInt.asUintN(64, random << 13n)
      random ^= random >> 7n
      random ^= BigInt.asUintN(64, random << 17n)
      const other = Number(random & mask)
      this.#swap(middle - 1 + step, from + (other >= length ? other - length : other))
    }
  }

  /** The median of three items, of long ranges the median of three such medians. */
  #choosePivot(from: number, to: number): Pivot {
    const length = to - from
    const quarter = Math.floor(length / 4)
    let swaps = 0
    const ordered = (one: number, other: number): readonly [number, number] => {
      if (!this.#isLess(other, one)) return [one, other]
      swaps += 1
      return [other, one]
    }
    const median = (first: number, second: number, third: number): number => {
      const [low, high] = ordered(first, second)
      const [middle] = ordered(high, third)
      return ordered(low, middle)[1]
    }
    let [one, two, three] = [from + quarter, from + quarter * 2, from + quarter * 3]
    if (length >= shortestNinther) {
      one = median(one - 1, one, one + 1)
      two = median(two - 1, two, two + 1)
      three = median(three - 1, three, three + 1)
    }
    if (length >= 8) two = median(one, two, three)
    return { at: two, hint: swaps === 0 ? "increasing" : swaps === 12 ? "decreasing" : "unknown" }
  }

  /** Puts a few items that are out of order in their places; whether that was all. */
  #nearlySorted(from: number, to: number): boolean {
    let at = from + 1
    for (let shift = 0; shift < mostShifts; shift++) {
      while (at < to && !this.#isLess(at, at - 1)) at += 1
      if (at === to) return true
      if (to - from < shortestShifting) return false
      this.#swap(at, at - 1)
      if (at - from >= 2) {
        for (let left = at - 1; left >= 1 && this.#isLess(left, left - 1); left--) this.#swap(left, left - 1)
      }
      if (to - at >= 2) {
        for (let right = at + 1; right < to && this.#isLess(right, right - 1); right++) this.#swap(right, right - 1)
      }
    }
    return false
  }

  /** Less than the pivot to the left, the others to the right; where the pivot is then, and whether it was so before. */
  #partition(from: number, to: number, pivot: number): { readonly at: number; readonly already: boolean } {
    this.#swap(from, pivot)
    let left = from + 1
    let right = to - 1
    for (let already = true; ; already = false) {
      while (left <= right && this.#isLess(left, from)) left += 1
      while (left <= right && !this.#isLess(right, from)) right -= 1
      if (left > right) {
        this.#swap(right, from)
        return { at: right, already }
      }
      this.#swap(left, right)
      left += 1
      right -= 1
    }
  }

  /** Equal to the pivot to the left, greater ones to the right; where these begin. */
  #partitionEqual(from: number, to: number, pivot: number): number {
    this.#swap(from, pivot)
    let left = from + 1
    let right = to - 1
    for (;;) {
      while (left <= right && !this.#isLess(from, left)) left += 1
      while (left <= right && this.#isLess(from, right)) right -= 1
      if (left > right) return left
      this.#swap(left, right)
      left += 1
      right -= 1
    }
  }
}
