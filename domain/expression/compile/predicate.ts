import { add } from "../arithmetic.ts"
import { builtins } from "../builtins/catalogue.ts"
import { pointerSlots } from "../check.ts"
import type { Compiler } from "../compile.ts"
import { EvaluationError } from "../error.ts"
import { isInRanges } from "../functions/net.ts"
import type { BuiltinNode, Node, StringNode } from "../syntax.ts"
import { childrenOf, operandsOf } from "../syntax.ts"
import { AnyKeyMap, boolOperand, compare, descending, isNil, kindOf } from "../value.ts"
import type { Frame, Run } from "./run.ts"
import { charge } from "./run.ts"

/** `any`, `map`, `reduce`… with their predicate: `each(item, index)` evaluates it for one item. */
export const compilePredicate = (compiler: Compiler, node: BuiltinNode): Run => {
  const { name } = node
  const [listNode, predicate, extraNode] = node.arguments
  const result = compiler.typeOf(node)
  const list = compiler.filled(listNode!, compiler.compileFor(listNode!, result))
  const extra = extraNode === undefined ? undefined : compiler.compileFor(extraNode, result)
  const slot = compiler.slotOf(node)
  const value: Run = predicate === undefined ? (_, frame) => frame.slots[slot] : compiler.compileFor(predicate, result)
  const test =
    predicate === undefined
      ? (_: object, frame: Frame) => boolOperand(frame.slots[slot])
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
  const selected = predicate && selection(compiler, listNode!, predicate, test, itemSlot)
  /** What follows from how many items pass, where those that pass are known. */
  const counting = (conclude: (passed: number) => unknown, plain: Run): Run =>
    selected === undefined
      ? plain
      : (scope, frame) => {
          const passed = selected(scope, frame)
          // An item on which the predicate fails need not matter: it may stand behind the one that settles it.
          return passed === undefined ? plain(scope, frame) : conclude(passed.length)
        }

  switch (name) {
    case "any":
      return (
        (predicate && anyRange(compiler, listNode!, predicate, itemSlot)) ??
        counting(
          (passed) => passed > 0,
          (scope, frame) => search(items(scope, frame), scope, frame, false) >= 0
        )
      )
    case "none":
      return counting(
        (passed) => passed === 0,
        (scope, frame) => search(items(scope, frame), scope, frame, false) < 0
      )
    case "all":
      return (scope, frame) => {
        const array = items(scope, frame)
        for (let index = 0; index < array.length; index++) {
          if (!test(scope, point(frame, array[index], index))) return false
        }
        return true
      }
    case "one":
      return counting(
        (passed) => passed === 1,
        (scope, frame) => passing(items(scope, frame), scope, frame).length === 1
      )
    case "count":
      return counting(
        (passed) => passed,
        (scope, frame) => passing(items(scope, frame), scope, frame).length
      )
    case "filter":
      return (scope, frame) => selected?.(scope, frame) ?? passing(items(scope, frame), scope, frame)
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
        const groups = new AnyKeyMap()
        items(scope, frame).forEach((item, index) => {
          const key = value(scope, point(frame, item, index))
          const group = groups.get(key) as Array<unknown> | undefined
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

/**
 * `any(File("ranges.txt"), {len(#) > 0 && IpInRange(address, #)})`: one look-up, however long the list is. What else is
 * asked of an item is asked once.
 */
const anyRange = (compiler: Compiler, list: Node, predicate: Node, itemSlot: number): Run | undefined => {
  if (compiler.context.shortcuts === false) return undefined
  if (list.kind !== "call" || compiler.checked.functions.get(list.name)?.effect !== "data") return undefined
  const body = predicate.kind === "predicate" ? predicate.body : predicate
  const conjuncts = body.kind === "binary" && body.operator === "&&" ? operandsOf(body) : [body]
  const last = conjuncts.at(-1)!
  if (last.kind !== "call" || last.name !== "IpInRange") return undefined
  const [address, range] = last.arguments
  if (range?.kind !== "pointer" || range.name !== "" || compiler.typeOf(address!).kind !== "string") return undefined
  const others = conjuncts.slice(0, -1)
  if (mentionsPointer(address!) || !others.every((other) => dependsOnItem(compiler, other))) return undefined
  const ranges = compiler.compile(list)
  const asked = compiler.compile(address!)
  const tests = others.map((other) => compiler.compileBool(other))
  let known: { readonly items: unknown; readonly ranges: ReadonlyArray<unknown> } | undefined
  return (scope, frame) => {
    const items = ranges(scope, frame)
    if (!Array.isArray(items)) throw new EvaluationError(`any works on an array, not on ${kindOf(items)}`)
    if (known?.items !== items) {
      charge(frame, items.length)
      const usable = items.filter((item) => {
        frame.slots[itemSlot] = item
        return tests.every((test) => test(scope, frame))
      })
      known = { items, ranges: usable }
    }
    // Without a range nobody asks for the address: that it may fail does not matter then.
    return known.ranges.length > 0 && isInRanges(asked(scope, frame) as string, known.ranges)
  }
}

const mentionsPointer = (node: Node): boolean => node.kind === "pointer" || childrenOf(node).some(mentionsPointer)

/**
 * `filter(queue.Queue, {…})` and its like: of a long list that changes little from one evaluation to the next, those that
 * pass; undefined when the predicate fails on one. Each item may take as many steps as an evaluation, since which of them
 * are asked in this one must not matter to what it gives.
 */
const selection = (
  compiler: Compiler,
  list: Node,
  predicate: Node,
  test: (scope: object, frame: Frame) => boolean,
  itemSlot: number
): ((scope: object, frame: Frame) => ReadonlyArray<unknown> | undefined) | undefined => {
  if (list.kind !== "member" || list.optional || list.property.kind !== "string") return undefined
  const type = compiler.typeOf(list.object)
  const field = type.kind === "struct" ? type.fields.get(list.property.value) : undefined
  if (field?.select === undefined || !dependsOnItem(compiler, predicate)) return undefined
  const { select, read } = field
  const asksAll = compiler.context.shortcuts === false
  const those = (object: never, passes: (item: unknown) => boolean): ReadonlyArray<unknown> =>
    asksAll ? (read(object) as ReadonlyArray<unknown>).filter(passes) : select(object, predicate, passes)
  const owner = compiler.compile(list.object)
  return (scope, frame) => {
    const object = owner(scope, frame)
    if (isNil(object)) throw new EvaluationError(`nil has no member ${(list.property as StringNode).value}`)
    const { steps } = frame
    try {
      return those(object as never, (item) => {
        frame.steps = 0
        frame.slots[itemSlot] = item
        return test(scope, frame)
      })
    } catch (error) {
      if (error instanceof EvaluationError) return undefined
      throw error
    } finally {
      frame.steps = steps
    }
  }
}

/** Whether a predicate gives the same for the same item, wherever and whenever it is asked. */
const dependsOnItem = (compiler: Compiler, node: Node): boolean => {
  switch (node.kind) {
    case "name":
    case "let":
      return false
    case "pointer":
      return node.name === ""
    case "method": {
      const type = compiler.typeOf(node.object)
      if (type.kind !== "struct" || type.methods.get(node.name)?.effect !== "pure") return false
      break
    }
    case "call":
    case "builtin": {
      const effect = (builtins.get(node.name) ?? compiler.checked.functions.get(node.name))?.effect
      if (effect !== "pure" && effect !== "data") return false
    }
  }
  return childrenOf(node).every((child) => dependsOnItem(compiler, child))
}
