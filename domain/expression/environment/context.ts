import type { Environment } from "../environment.ts"
import { declare, variable } from "../environment.ts"
import { crowdsecFunctions } from "../functions/catalogue.ts"
import { anyType, field, mapOf, method, stringType, struct } from "../type.ts"
import type { StructType } from "../type.ts"
import type { EventScope } from "./event.ts"
import { eventType } from "./event.ts"

/** A request that a web application firewall saw. There is none here, so all its texts are empty. */
const requestType: StructType = struct("Request", {
  fields: () => ({
    Method: field(stringType, () => ""),
    Host: field(stringType, () => ""),
    Proto: field(stringType, () => ""),
    RemoteAddr: field(stringType, () => ""),
    RequestURI: field(stringType, () => "")
  }),
  methods: () => ({
    UserAgent: method([], stringType, () => ""),
    Referer: method([], stringType, () => "")
  })
})
const noRequest = {}
const noMatch: ReadonlyMap<string, unknown> = new Map()

/** Expressions of `contexts/`: they see each event of an alert; what a web application firewall saw is always empty. */
export const contextEnvironment: Environment = {
  name: "context",
  variables: new Map([
    ["evt", variable(eventType, (scope: EventScope) => scope.evt)],
    ["match", variable(mapOf(anyType), () => noMatch)],
    ["req", variable(requestType, () => noRequest)]
  ]),
  functions: new Map([...crowdsecFunctions, ["JA4H", declare("JA4H", [requestType], stringType, () => "")] as const])
}
