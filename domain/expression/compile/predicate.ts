import { pointerSlots } from "../check.ts"
import type { Compiler } from "../compile.ts"
import { EvaluationError } from "../error.ts"
import type { BuiltinNode } from "../syntax.ts"
import { add, compare, descending, kindOf } from "../value.ts"
import type { Frame, Run } from "./run.ts"
import { charge } from "./run.ts"

/** `any`, `map`, `reduce`… with their predicate: `each(item, index)` evaluates it for one item. */
export const compilePredicate = (compiler: Compiler, node: BuiltinNode): Run => {
  const { name } = node
  const [listNode, predicate, extraNode] = node.arguments
  const list = compiler.compile(listNode!)
  const extra = extraNode === undefined ? undefined : compiler.compile(extraNode)
  const slot = compiler.slotOf(node)
  const value: Run = predicate === undefined ? (_, frame) => frame.slots[slot] : compiler.compile(predicate)
  const test =
    predicate === undefined
      ? (_: object, frame: Frame) => bool(frame.slots[slot])
      : compiler.compileBool(predicate.kind === "predicate" ? predicate.body : predicate)
  const itemSlot = slot + pointerSlots.item
  const indexSlot = slot + pointerSlots.index
  const accumulatorSlot = slot + pointerSlots.accumulator

  const items = (scope: object, frame: Frame): ReadonlyArray<unknown> => {
    const array = list(scope, frame)
    if (!Array.isArray(array)) throw new EvaluationError(`${name} works on an array, not on ${kindOf(array)}`)
    charge(frame, array.length)
    return array
  }
  const point = (frame: Frame, item: unknown, index: number): Frame => {
    frame.slots[itemSlot] = item
    frame.slots[indexSlot] = index
    return frame
  }
  /** Index of the first item that passes, from the one end or the other; -1 when none does. */
  const search = (array: ReadonlyArray<unknown>, scope: object, frame: Frame, backwards: boolean): number => {
    for (let count = 0; count < array.length; count++) {
      const index = backwards ? array.length - 1 - count : count
      if (test(scope, point(frame, array[index], index))) return index
    }
    return -1
  }
  const passing = (array: ReadonlyArray<unknown>, scope: object, frame: Frame): Array<unknown> =>
    array.filter((item, index) => test(scope, point(frame, item, index)))

  switch (name) {
    case "any":
      return (scope, frame) => search(items(scope, frame), scope, frame, false) >= 0
    case "none":
      return (scope, frame) => search(items(scope, frame), scope, frame, false) < 0
    case "all":
      return (scope, frame) => {
        const array = items(scope, frame)
        for (let index = 0; index < array.length; index++) {
          if (!test(scope, point(frame, array[index], index))) return false
        }
        return true
      }
    case "one":
      return (scope, frame) => passing(items(scope, frame), scope, frame).length === 1
    case "count":
      return (scope, frame) => passing(items(scope, frame), scope, frame).length
    case "filter":
      return (scope, frame) => passing(items(scope, frame), scope, frame)
    case "map":
      return (scope, frame) => items(scope, frame).map((item, index) => value(scope, point(frame, item, index)))
    case "sum":
      return (scope, frame) =>
        items(scope, frame).reduce<unknown>((sum, item, index) => add(sum, value(scope, point(frame, item, index))), 0)
    case "find":
    case "findLast":
      return (scope, frame) => {
        const array = items(scope, frame)
        return array[search(array, scope, frame, name === "findLast")]
      }
    case "findIndex":
    case "findLastIndex":
      return (scope, frame) => {
        const index = search(items(scope, frame), scope, frame, name === "findLastIndex")
        return index < 0 ? undefined : index
      }
    case "groupBy":
      return (scope, frame) => {
        const groups = new Map<unknown, Array<unknown>>()
        items(scope, frame).forEach((item, index) => {
          const key = value(scope, point(frame, item, index))
          if (typeof key !== "string" && typeof key !== "number" && typeof key !== "boolean")
            throw new EvaluationError(`groupBy groups by a string, int or bool, but met ${kindOf(key)}`)
          const group = groups.get(key)
          if (group === undefined) groups.set(key, [item])
          else group.push(item)
        })
        return groups
      }
    case "sortBy":
      return (scope, frame) => {
        const direction = descending(extra?.(scope, frame)) ? -1 : 1
        return items(scope, frame)
          .map((item, index) => ({ item, key: value(scope, point(frame, item, index)) }))
          .sort((first, second) => direction * compare(first.key, second.key, "sortBy"))
          .map(({ item }) => item)
      }
    default:
      return (scope, frame) => {
        const array = items(scope, frame)
        if (extra === undefined && array.length === 0) throw new EvaluationError("reduce of an empty array")
        let accumulator = extra === undefined ? array[0] : extra(scope, frame)
        for (let index = extra === undefined ? 1 : 0; index < array.length; index++) {
          frame.slots[accumulatorSlot] = accumulator
          accumulator = value(scope, point(frame, array[index], index))
        }
        return accumulator
      }
  }
}

const bool = (value: unknown): boolean => {
  if (typeof value === "boolean") return value
  throw new EvaluationError(`a bool is needed, but met ${kindOf(value)}`)
}
