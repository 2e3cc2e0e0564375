/** The data files that rules refer to: lists of user agents, paths, addresses, GeoIP databases. */
import { realpath } from "node:fs/promises"
import { isAbsolute, join, normalize } from "node:path"
import { dataOf, mostData, tooMuchData } from "../../domain/rules/data-file.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { quote } from "../../domain/document/report.ts"
import { printable } from "../../domain/text/printable.ts"
import type { DataFile, Rule, RuleFile } from "../../domain/rules/rule.ts"
import { FileTooLarge, isInside, longestPath, readHashed } from "./folder.ts"
import { isMissing, reason } from "../file-failure.ts"

/** A path that stays below whatever folder it is put in; undefined for one that does not. */
const inner = (path: string): string | undefined => {
  const clean = normalize(path).replaceAll("\\", "/")
  const leaves = clean === "." || clean === ".." || clean.startsWith("../") || isAbsolute(clean) || clean.includes("\0")
  return leaves || clean.endsWith("/") ? undefined : clean
}

/** The places within a mirror at which the file of a URL may lie: its path, and for a repository its path therein. */
const mirrored = (sourceUrl: string): ReadonlyArray<string> => {
  if (!URL.canParse(sourceUrl)) return []
  const url = new URL(sourceUrl)
  const parts = url.pathname.split("/").filter((part) => part !== "")
  const paths = [parts.join("/")]
  if (url.hostname === "raw.githubusercontent.com") {
    // owner/repository/branch/… or owner/repository/refs/heads/branch/…
    const above = parts[2] === "refs" ? 5 : 3
    if (parts.length > above) paths.push(parts.slice(above).join("/"))
  }
  return paths.flatMap((path) => inner(path) ?? [])
}

interface Place {
  readonly folder: string
  readonly file: string
  /** Links in the hub folder must stay inside; those in the operator's own data folder may lead anywhere. */
  readonly closed: boolean
}

const placesOf = (
  entry: DataFile,
  destination: string,
  hub: string,
  data: string | undefined
): ReadonlyArray<Place> => {
  const own = data === undefined ? [] : [...new Set([...mirrored(entry.sourceUrl), destination])]
  const starters = join(hub, "data")
  return [
    ...own.map((path) => ({ folder: data ?? "", file: join(data ?? "", path), closed: false })),
    { folder: starters, file: join(starters, destination), closed: true }
  ]
}

/**
 * Finds and reads the data files of the rules. For an entry with the URL U and the name D these are looked at in turn:
 * `<data>/<path of U>`, `<data>/<D>`, `<hub>/data/<D>`. A missing one is a warning and the rule stays, as in CrowdSec.
 * Two entries with the same name are the same file: the first one found. Expressions ask by the name as it is written.
 */
export const readData = async (
  rules: ReadonlyArray<Rule>,
  hub: string,
  data: string | undefined,
  problems: Problem[]
): Promise<ReadonlyArray<RuleFile>> => {
  const found = new Map<string, RuleFile>()
  const tried = new Map<string, Promise<Search>>()

  for (const rule of rules) {
    for (const entry of dataOf(rule)) {
      const { file } = rule.origin
      const complain = (code: string, severity: Problem["severity"], message: string): void => {
        problems.push({ code, severity, file, line: entry.line, key: "data", message })
      }
      const destination = inner(entry.destFile)
      if (destination === undefined) {
        const message = `${quote(entry.destFile)} leads out of the data folder; write a file name in \`dest_file\``
        complain("TST-HUB-DATA-PATH", "error", message)
        continue
      }
      if (found.has(entry.destFile)) continue
      const places = placesOf(entry, destination, hub, data)
      const { bytes } = mostData[entry.type]
      const key = JSON.stringify([places, bytes])
      const known = tried.get(key)
      const search = known ?? lookFor(places, bytes)
      tried.set(key, search)
      const result = await search
      if ("content" in result) {
        found.set(entry.destFile, { kind: "data", path: entry.destFile, version: "?", ...result })
      } else if ("bytes" in result) {
        const message = tooMuchData(entry.type, `${result.bytes} bytes`)
        if (known === undefined)
          problems.push({ code: "TST-DATA-TOO-LARGE", severity: "warning", file: result.file, message })
      } else {
        const where = result.failures.map((failure) => printable(failure, longestPath)).join(", ")
        const hint = data === undefined ? "; name a data folder (`--data`) that has it" : ""
        const message = `needs the data file ${quote(entry.destFile)}, which is in none of the places where it is looked for: ${where}${hint}`
        complain("TST-HUB-DATA-MISSING", "warning", message)
      }
    }
  }
  return [...found.values()]
}

type Search =
  | { readonly file: string; readonly content: Uint8Array; readonly hash: string }
  | { readonly file: string; readonly bytes: number }
  | { readonly failures: ReadonlyArray<string> }

const lookFor = async (places: ReadonlyArray<Place>, maximumBytes: number): Promise<Search> => {
  const failures: string[] = []
  for (const { folder, file, closed } of places) {
    try {
      if (closed && !isInside(await realpath(folder), await realpath(file)))
        throw new Error("it is a link that leads out")
      return { file, ...(await readHashed(file, maximumBytes)) }
    } catch (cause) {
      if (cause instanceof FileTooLarge) return { file, bytes: cause.bytes }
      failures.push(isMissing(cause) ? file : `${file} (${reason(cause)})`)
    }
  }
  return { failures }
}
