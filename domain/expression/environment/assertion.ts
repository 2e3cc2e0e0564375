import type { Environment } from "../environment.ts"
import { declare, variable } from "../environment.ts"
import { crowdsecFunctions } from "../functions/catalogue.ts"
import type { StructType } from "../type.ts"
import { arrayOf, boolType, field, intType, mapOf, stringType, struct } from "../type.ts"
import type { EventObject } from "./event.ts"
import { eventType } from "./event.ts"

/** What one parser did with one line. */
export interface ParserResultObject {
  readonly Idx: number
  readonly Evt: EventObject
  readonly Success: boolean
}

const parserResultType: StructType = struct("ParserResult", {
  fields: () => ({
    Idx: field(intType, (result: ParserResultObject) => result.Idx),
    Evt: field(eventType, (result: ParserResultObject) => result.Evt),
    Success: field(boolType, (result: ParserResultObject) => result.Success)
  })
})

/** Last part of a path, as Go's `filepath.Base`. */
const basename = declare("basename", [stringType], stringType, (_context, path: string) => {
  if (path === "") return "."
  const trimmed = path.replace(/\/+$/, "")
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1)
})

const functions = new Map([...crowdsecFunctions, ["basename", basename] as const])

export interface ParserAssertionScope {
  /** Stage, then parser, then one result per line that reached it. */
  readonly results: Map<string, Map<string, ReadonlyArray<ParserResultObject>>>
}

/** Lines of a `parser.assert` file. */
export const parserAssertionEnvironment: Environment = {
  name: "parser assertion",
  variables: new Map([
    ["results", variable(mapOf(mapOf(arrayOf(parserResultType))), (scope: ParserAssertionScope) => scope.results)]
  ]),
  functions
}

export interface ScenarioAssertionScope {
  readonly results: ReadonlyArray<EventObject>
}

/** Lines of a `scenario.assert` file. */
export const scenarioAssertionEnvironment: Environment = {
  name: "scenario assertion",
  variables: new Map([["results", variable(arrayOf(eventType), (scope: ScenarioAssertionScope) => scope.results)]]),
  functions
}
