/** `config.yaml` of a hub test: which rules read which log. Every mistake is named with its line and key. */
import { dirname, join } from "node:path"
import { isNothing, readDocuments } from "../../domain/document/document.ts"
import type { Problem } from "../../domain/document/problem.ts"
import {
  defaulted,
  dictionary,
  flag,
  list,
  mapping,
  type Reader,
  readDocument,
  required,
  text
} from "../../domain/document/reader.ts"
import { broken, type DocumentCodes, openReport } from "../../domain/document/report.ts"
import { readBounded } from "../hub/folder.ts"
import { isMissing, reason } from "../file-failure.ts"
import { staysWithin } from "./test-folder.ts"

/** Rules that a test loads; nothing else is loaded with them. */
export const testedKinds = ["parsers", "scenarios", "postoverflows"] as const
export type TestedKind = (typeof testedKinds)[number]

export interface TestConfiguration {
  /** Names of hub items, or paths of files. */
  readonly items: Readonly<Record<TestedKind, ReadonlyArray<string>>>
  /** As seen from the test's folder. */
  readonly logFile: string
  /** Label `type` among them. */
  readonly labels: Readonly<Record<string, string>>
  readonly ignoreParsers: boolean
  /** Statics as written; they are what a parser before all others does. */
  readonly overrideStatics: ReadonlyArray<Readonly<Record<string, string>>>
}

/**
 * The public hub's largest has 500 bytes. What the YAML library makes of nested or many keys costs far more than that.
 */
const configurationBytes = 64 * 1024

const code = "TST-HUBTEST-CONFIG"
const codes: DocumentCodes = {
  encoding: code,
  syntax: code,
  tooLarge: code,
  duplicateKey: code,
  unknownKey: code,
  missingKey: code,
  wrongType: code,
  wrongValue: code
}

/** An item without a name counts for nothing, as in CrowdSec: its templates have one. */
const names: Reader<ReadonlyArray<string>> = (field, report) => {
  const { value } = field
  const filled = value.kind === "list" ? { ...value, items: value.items.filter((item) => !isNothing(item)) } : value
  const read = list(text)({ ...field, value: filled }, report)
  return read === broken ? broken : read.filter((name) => name !== "")
}

const members = {
  parsers: defaulted(names, []),
  scenarios: defaulted(names, []),
  postoverflows: defaulted(names, []),
  log_file: required(text),
  log_type: required(text),
  labels: defaulted(dictionary(text), new Map<string, string>()),
  ignore_parsers: defaulted(flag, false),
  override_statics: defaulted(list(dictionary(text)), [])
}

const keys = mapping(members)

type Keys = Exclude<ReturnType<typeof keys>, typeof broken>

/** Keys that nobody knows are let pass, as in CrowdSec: tests of the public hub have some. */
const knownKeys: Reader<Keys> = (field, report) => {
  const { value } = field
  if (value.kind !== "mapping") return keys(field, report)
  const entries = new Map([...value.entries].filter(([name]) => Object.hasOwn(members, name)))
  return keys({ ...field, value: { ...value, entries } }, report)
}

export type ReadTestConfiguration =
  | { readonly configuration: TestConfiguration }
  | { readonly configuration: undefined; readonly problems: ReadonlyArray<Problem> }

export const readConfiguration = async (folder: string): Promise<ReadTestConfiguration> => {
  const file = join(folder, "config.yaml")
  const report = openReport(file, codes)
  const wrong = (message: string, line?: number): ReadTestConfiguration => {
    report.error(code, line === undefined ? undefined : { line, key: "" }, message)
    return { configuration: undefined, problems: report.problems }
  }
  let content: Uint8Array
  try {
    await staysWithin(file, [dirname(folder)])
    content = await readBounded(file, configurationBytes)
  } catch (cause) {
    if (isMissing(cause)) return wrong("is missing; it names the rules and the log of the test")
    return wrong(`cannot be read: ${reason(cause)}`)
  }
  const [document, next] = readDocuments(content, report)
  if (report.problems.length > 0) return { configuration: undefined, problems: report.problems }
  if (document === undefined) return wrong("must hold keys such as `parsers`, `log_file` and `log_type`")
  if (next !== undefined) return wrong("holds more than one document; remove the `---`", next.value.line)
  const read = readDocument(document, knownKeys, report)
  if (read === undefined) return { configuration: undefined, problems: report.problems }
  return {
    configuration: {
      items: { parsers: read.parsers, scenarios: read.scenarios, postoverflows: read.postoverflows },
      logFile: read.log_file,
      labels: { ...Object.fromEntries(read.labels), type: read.log_type },
      ignoreParsers: read.ignore_parsers,
      overrideStatics: read.override_statics.map((item) => Object.fromEntries(item))
    }
  }
}
