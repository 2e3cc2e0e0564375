/** Reads `testudo.yaml`: every mistake is named with its line and key, and what to write instead. */
import { dirname, resolve } from "node:path"
import { canonicalValue } from "../../domain/decision/scope.ts"
import { isNodeName } from "../../domain/events/stream-name.ts"
import { readDocuments } from "../../domain/document/document.ts"
import type { Problem } from "../../domain/document/problem.ts"
import {
  choice,
  defaulted,
  dictionary,
  duration,
  flag,
  list,
  mapping,
  number,
  optional,
  type Reader,
  readDocument,
  refined,
  required,
  text
} from "../../domain/document/reader.ts"
import { broken, type DocumentCodes, openReport, quote } from "../../domain/document/report.ts"
import { nanosecondsPerMillisecond, parseMilliseconds } from "../../domain/time/duration.ts"
import { isZone } from "../../domain/time/zone.ts"
import type { Configuration } from "./configuration.ts"
import { parseStoreLocation, resolved } from "./store-location.ts"

const codes: DocumentCodes = {
  encoding: "TST-CONFIG-ENCODING",
  syntax: "TST-CONFIG-SYNTAX",
  tooLarge: "TST-CONFIG-TOO-LARGE",
  duplicateKey: "TST-CONFIG-DUPLICATE-KEY",
  unknownKey: "TST-CONFIG-UNKNOWN-KEY",
  missingKey: "TST-CONFIG-MISSING-KEY",
  wrongType: "TST-CONFIG-WRONG-TYPE",
  wrongValue: "TST-CONFIG-WRONG-VALUE"
}

/** `HOST:PORT`, an IPv6 host in brackets. Port 0: any free one. */
const endpoint: Reader<{ readonly host: string; readonly port: number }> = refined(text, (value, field, report) => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(value)
  const port = Number(match?.[3])
  if (match !== null && port <= 65_535) return { host: (match[1] ?? match[2])!, port }
  const message = `${quote(value)} is not an address to listen on; write HOST:PORT such as 127.0.0.1:8080 or [::1]:8080`
  return report.error(codes.wrongValue, field, message)
})

const timezone: Reader<string> = refined(text, (value, field, report) => {
  if (isZone(value)) return value
  const message = `${quote(value)} is not a time zone; write one such as Europe/Berlin or UTC`
  return report.error(codes.wrongValue, field, message)
})

/** An address or a range, canonical. */
const block: Reader<string> = refined(text, (value, field, report) => {
  const canonical = canonicalValue(value.includes("/") ? "Range" : "Ip", value)
  return "problem" in canonical ? report.error(codes.wrongValue, field, canonical.problem) : canonical.value
})

const nodeName: Reader<string> = refined(text, (value, field, report) => {
  if (isNodeName(value)) return value
  const message = `${quote(value)} is no name for a node; use 1 to 63 letters, digits and . _ -, a letter or digit first`
  return report.error(codes.wrongValue, field, message)
})

const leaseTime: Reader<number> = refined(duration, (nanoseconds, field, report) => {
  const milliseconds = Number(nanoseconds / nanosecondsPerMillisecond)
  if (milliseconds >= 1_000 && milliseconds <= 3_600_000) return milliseconds
  return report.error(codes.wrongValue, field, "`lease` must be from 1s to 1h, such as 15s")
})

/** `- 192.0.2.1`, or `- {value: 192.0.2.1, comment: the office}`. */
const allowlistEntry: Reader<{ readonly value: string; readonly comment: string }> = (field, report) => {
  if (field.value.kind === "mapping")
    return mapping({ value: required(block), comment: defaulted(text, "") })(field, report)
  const value = block(field, report)
  return value === broken ? broken : { value, comment: "" }
}

/** One text or a list of them. */
const texts: Reader<ReadonlyArray<string>> = (field, report) => {
  if (field.value.kind === "list") return list(text)(field, report)
  const value = text(field, report)
  return value === broken ? broken : [value]
}

const storeLocation = refined(text, (value, field, report) => {
  const location = parseStoreLocation(value)
  return "problem" in location ? report.error(codes.wrongValue, field, location.problem) : location
})

const listenByDefault = { host: "127.0.0.1", port: 8080 }

/** The zone of this machine's own logs. */
const machineZone = (): string => new Intl.DateTimeFormat("en").resolvedOptions().timeZone

const leastAge = 86_400_000

/** How old something may get, in milliseconds. Less than a day would take from the engine what it is still counting. */
const age: Reader<number> = refined(text, (value, field, report) => {
  const milliseconds = parseMilliseconds(value)
  if (milliseconds !== undefined && milliseconds >= leastAge) return milliseconds
  return report.error(codes.wrongValue, field, `${quote(value)} is not an age from 1d on; write one such as 30d or 36h`)
})

const units: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** Bytes. */
const size: Reader<number> = refined(text, (value, field, report) => {
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?(kB|MB|GB|TB)$/.exec(value) ?? []
  const bytes = unit === undefined ? 0 : Math.round(Number(digits) * units[unit]!)
  if (bytes > 0) return bytes
  return report.error(codes.wrongValue, field, `${quote(value)} is not a size; write one such as 500MB or 10GB`)
})

const readerFor = (starterHub: string) =>
  mapping({
    eventStore: defaulted(storeLocation, { kind: "embedded", directory: "data/store" } as const),
    localFolder: defaulted(text, "data/local"),
    role: defaulted(choice("all", "agent", "api"), "all"),
    node: optional(nodeName),
    lease: defaulted(leaseTime, 15_000),
    api: defaulted(
      mapping({ listen: defaulted(endpoint, listenByDefault), trustedProxies: defaulted(list(block), []) }),
      { listen: listenByDefault, trustedProxies: [] }
    ),
    rules: defaulted(
      mapping({
        hub: defaulted(text, starterHub),
        data: optional(text),
        collections: defaulted(list(text), []),
        patterns: defaulted(texts, []),
        profiles: optional(text)
      }),
      { hub: starterHub, data: undefined, collections: [], patterns: [], profiles: undefined }
    ),
    acquisition: defaulted(
      list(
        mapping({
          files: required(texts),
          type: required(text),
          labels: defaulted(dictionary(text), new Map<string, string>()),
          timezone: defaulted(timezone, machineZone()),
          start: defaulted(choice("beginning", "end"), "beginning")
        })
      ),
      []
    ),
    allowlist: defaulted(list(allowlistEntry), []),
    protectOwnAddresses: defaulted(flag, true),
    retention: defaulted(
      mapping({
        lines: defaulted(mapping({ age: optional(age), size: optional(size) }), { age: undefined, size: undefined }),
        dossiers: defaulted(mapping({ age: optional(age) }), { age: undefined })
      }),
      { lines: { age: undefined, size: undefined }, dossiers: { age: undefined } }
    ),
    reverseDns: defaulted(flag, true),
    play: defaulted(
      list(
        mapping({
          from: required(text),
          into: required(text),
          speed: defaulted(number({ least: 0.01, most: 100_000 }), 1)
        })
      ),
      []
    )
  })

export interface ReadConfiguration {
  /** Undefined when there is any error. */
  readonly configuration: Configuration | undefined
  readonly problems: ReadonlyArray<Problem>
}

/**
 * @param file path as the person named it: relative paths within are relative to its folder
 * @param starterHub absolute path of the rules that ship with Testudo
 */
export const readConfiguration = (file: string, content: Uint8Array, starterHub: string): ReadConfiguration => {
  const report = openReport(file, codes)
  const failed = (): ReadConfiguration => ({ configuration: undefined, problems: report.problems })
  const documents = readDocuments(content, report)
  if (report.problems.length > 0) return failed()
  if (documents.length > 1) {
    report.error(
      codes.syntax,
      { line: documents[1]!.value.line, key: "" },
      "holds more than one document; remove the `---`"
    )
    return failed()
  }
  const [document = { index: 0, value: { kind: "mapping", entries: new Map(), line: 1 } } as const] = documents
  const read = readDocument(document, readerFor(starterHub), report)
  if (read === undefined) return failed()
  const folder = dirname(resolve(file))
  const path = (relative: string) => resolve(folder, relative)
  const eventStore = resolved(read.eventStore, folder)
  return {
    configuration: {
      file,
      eventStore,
      localFolder: eventStore.kind === "embedded" ? eventStore.directory : path(read.localFolder),
      role: read.role,
      node: read.node,
      leaseMs: read.lease,
      api: { ...read.api.listen, trustedProxies: read.api.trustedProxies },
      rules: {
        hub: path(read.rules.hub),
        data: read.rules.data === undefined ? undefined : path(read.rules.data),
        collections: read.rules.collections,
        patterns: read.rules.patterns.map(path),
        profiles: read.rules.profiles === undefined ? undefined : path(read.rules.profiles)
      },
      acquisition: read.acquisition.map((entry) => ({
        ...entry,
        files: entry.files.map(path),
        labels: Object.fromEntries(entry.labels)
      })),
      allowlist: read.allowlist,
      protectOwnAddresses: read.protectOwnAddresses,
      reverseDns: read.reverseDns,
      retention: {
        linesAge: read.retention.lines.age,
        linesBytes: read.retention.lines.size,
        dossiersAge: read.retention.dossiers.age
      },
      play: read.play.map(({ from, into, speed }) => ({ from: path(from), into: path(into), speed }))
    },
    problems: report.problems
  }
}
