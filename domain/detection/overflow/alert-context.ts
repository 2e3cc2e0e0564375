/** What alerts tell about their events besides the events themselves: `contexts/` of the hub. */
import { contextEnvironment } from "../../expression/environment/context.ts"
import { valueText } from "../../expression/format.ts"
import { writeJson } from "../../expression/json.ts"
import { isNil } from "../../expression/value.ts"
import { byteOrder } from "../../text/byte-order.ts"
import type { ContextRule } from "../../rules/rule.ts"
import type { AlertMeta } from "./alert.ts"
import type { Compiler } from "../compiler.ts"
import { attempt, failed } from "../pass.ts"
import type { EventObject } from "../../expression/environment/event.ts"

/** What is told under one key: the expressions of all rules that have it. */
export interface AlertContext {
  readonly key: string
  readonly expressions: ReadonlyArray<(scope: object) => unknown>
}

/** Bytes of the JSON text under one key. */
const longestText = 4_000
/** Bytes of all texts together: keeps the event well below any store's limit. */
const budget = 100_000

/** A rule with a broken expression is left out. */
export const compileContexts = (rules: ReadonlyArray<ContextRule>, compiler: Compiler): ReadonlyArray<AlertContext> => {
  const byKey = new Map<string, Set<(scope: object) => unknown>>()
  for (const { origin, entries } of rules) {
    const compiled = compiler.rule(origin.file, () =>
      entries.map(({ key, expressions }) => ({
        key,
        expressions: expressions.map((at) => compiler.expression(at, contextEnvironment, "any"))
      }))
    )
    for (const { key, expressions } of compiled ?? []) {
      const all = byKey.get(key) ?? new Set()
      for (const expression of expressions) all.add(expression)
      byKey.set(key, all)
    }
  }
  return Array.from(byKey, ([key, expressions]) => ({ key, expressions: [...expressions] })).sort((left, right) =>
    byteOrder(left.key, right.key)
  )
}

/** What an event has to tell under each key, in the order of the keys. */
export const textsOfEvent = (
  contexts: ReadonlyArray<AlertContext>,
  evt: EventObject
): ReadonlyArray<ReadonlyArray<string>> => {
  const scope = { evt }
  return contexts.map(({ expressions }) => {
    const texts: Array<string> = []
    for (const expression of expressions) tell(attempt(expression, scope), texts)
    return texts
  })
}

/** Each key under which events have something to tell, with their different texts as a JSON array. Sorted by key. */
export const contextOf = (
  contexts: ReadonlyArray<AlertContext>,
  events: ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>>
): ReadonlyArray<AlertMeta> => {
  const told: Array<AlertMeta> = []
  let left = budget
  for (const [index, { key }] of contexts.entries()) {
    const texts = new Set<string>()
    for (const event of events) for (const text of event[index]!) texts.add(text)
    if (texts.size === 0) continue
    const Value = truncated([...texts])
    left -= key.length + Value.length
    if (left < 0) break
    told.push({ Key: key, Value })
  }
  return told
}

const tell = (value: unknown, texts: Array<string>): void => {
  if (Array.isArray(value)) for (const item of value) tellText(valueText(item), texts)
  else if (value !== failed && !isNil(value)) tellText(valueText(value), texts)
}

const tellText = (text: string, texts: Array<string>): void => {
  if (text !== "") texts.push(text)
}

/** Values are dropped from the end until the rest fits; the last one is halved. */
const truncated = (texts: ReadonlyArray<string>): string => {
  // More than this many cannot fit: a value has three bytes at least, with its quotes and a comma.
  const kept = texts.slice(0, longestText / 3)
  let json = writeJson(kept)
  // A character has three bytes at most.
  while (json.length * 3 > longestText && bytes(json) > longestText) {
    if (kept.length > 1) kept.pop()
    else kept[0] = `${kept[0]!.slice(0, kept[0]!.length >>> 1).toWellFormed()}...`
    json = writeJson(kept)
  }
  return json
}

const utf8 = new TextEncoder()
const bytes = (text: string): number => utf8.encode(text).length
