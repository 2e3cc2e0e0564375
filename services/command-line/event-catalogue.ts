/** The page about every event there is: docs/events.md, made from the schemas. `testudo log catalogue` prints it. */
import * as Schema from "effect/Schema"
import { catalogue } from "../../domain/events/catalogue.ts"
import type { EventType } from "../../domain/events/event.ts"

/** The part of JSON Schema that event schemas come out as. */
interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly examples?: ReadonlyArray<unknown>
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly contentEncoding?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
}

/** Plausible texts by key, so that an example reads like an event. Others are the key itself. */
const words: Readonly<Record<string, unknown>> = {
  scope: "Ip",
  value: "203.0.113.9",
  address: "203.0.113.9",
  ip: "203.0.113.9",
  duration: "4h",
  leakspeed: "10s",
  zone: "Europe/Berlin",
  path: "/var/log/auth.log",
  source: "/var/log/auth.log",
  scenario: "testudo/ssh-bf",
  origin: "crowdsec",
  version: "0.1",
  by: "anna",
  event: "5b1d5d1e-6b1c-5a39-9d0f-2f6a51b8a7c4",
  overflow: "5b1d5d1e-6b1c-5a39-9d0f-2f6a51b8a7c4",
  decision: "7c0f4c52-3a53-5d0e-8f0b-0f2f7b1b9d11",
  body: "KLUv/QBYYQAAaGVsbG8gd29ybGQK"
}

/** `x`, or what `x` is beside a null or the spellings of numbers that JSON lacks. */
const plainOf = (schema: JsonSchema): JsonSchema => {
  const choices = schema.anyOf?.filter(({ type, enum: spelt }) => type !== "null" && spelt?.includes("NaN") !== true)
  return choices?.[0] ?? schema
}

const descriptionOf = (schema: JsonSchema): string | undefined =>
  schema.description ?? schema.allOf?.find(({ description }) => description !== undefined)?.description

const examplesOf = (schema: JsonSchema): ReadonlyArray<unknown> | undefined =>
  schema.examples ?? schema.allOf?.find(({ examples }) => examples !== undefined)?.examples

const typeOf = (given: JsonSchema): string => {
  const schema = plainOf(given)
  const orNull = given.anyOf?.some(({ type }) => type === "null") === true ? " or null" : ""
  const plain = (): string => {
    const described = descriptionOf(schema)
    if (described !== undefined) return described
    if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(", ")
    if (schema.contentEncoding === "base64") return "bytes, base64 in JSON"
    switch (schema.type) {
      case "string":
        return "text"
      case "integer":
        return "whole number"
      case "number":
        return "number"
      case "boolean":
        return "true or false"
      case "array":
        return `list of ${schema.items?.type === "object" ? "objects" : schema.items === undefined ? "anything" : typeOf(schema.items)}`
      case "object":
        return schema.properties === undefined ? "text by name" : "object"
      default:
        return "anything"
    }
  }
  return plain() + orNull
}

const exampleOf = (given: JsonSchema, key: string): unknown => {
  const schema = plainOf(given)
  const examples = examplesOf(schema)
  if (examples !== undefined) return examples[0]
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case "string":
      return words[key] ?? key
    case "integer":
    case "number":
      return 1
    case "boolean":
      return false
    case "array":
      return schema.items === undefined ? [] : [exampleOf(schema.items, key.replace(/s$/, ""))]
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? { type: { type: "string" } }).map(([name, part]) => [
          name,
          exampleOf(part, name)
        ])
      )
    default:
      return key
  }
}

const rowsOf = (schema: JsonSchema, prefix = ""): ReadonlyArray<string> =>
  Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const plain = plainOf(part)
    const list = plain.type === "array" ? "[]" : ""
    const inner = plain.type === "array" ? (plain.items ?? {}) : plain
    const optional = schema.required?.includes(name) === true ? "" : ", may be missing"
    return [
      `| \`${prefix}${name}${list}\` | ${typeOf(part)}${optional} |`,
      ...rowsOf(inner, `${prefix}${name}${list}.`)
    ]
  })

const schemaOf = (declared: EventType<string, unknown>): JsonSchema =>
  Schema.toJsonSchemaDocument(declared.schema).schema as JsonSchema

/** An example of the data, as JSON has it. */
export const exampleData = (declared: EventType<string, unknown>): unknown => exampleOf(schemaOf(declared), "data")

const section = (declared: EventType<string, unknown>): string => {
  const { type, version, stream, tells } = declared
  return [
    `## ${type}`,
    "",
    `${tells} Version ${version}, on the stream \`${stream}\`.`,
    "",
    "| field | is |",
    "|---|---|",
    ...rowsOf(schemaOf(declared)),
    "",
    "```json",
    JSON.stringify(exampleData(declared), null, 2),
    "```",
    ""
  ].join("\n")
}

const introduction = `# Events

Everything that Testudo knows is one of these events. This page is made from their schemas: \`testudo log catalogue\` prints
it. The examples are made from the schemas as well, so they show the form and tell no story.

Each event has an \`id\` (a UUID), a \`type\`, a \`stream\` with a \`revision\` in it, a \`position\` in the whole log, the time at
which the store took it, and metadata: the \`version\` of its schema, and, where something caused it, \`$causationId\` and
\`$correlationId\`, the ids of the event that did and of the one at the beginning.

Data of an older version is brought to the current one when it is read; what is stored stays as it was written. Types and
versions that a program does not know yet are passed over.
`

export const eventCatalogue = (): string => {
  const all: ReadonlyArray<EventType<string, unknown>> = Object.values(catalogue) as never
  const list = all.map(
    ({ type, version, stream, tells }) =>
      `| [\`${type}\`](#${type.toLowerCase()}) | ${version} | \`${stream}\` | ${tells} |`
  )
  const overview = ["| event | version | stream | tells |", "|---|---|---|---|", ...list, ""].join("\n")
  return [introduction, overview, ...all.map(section)].join("\n")
}
