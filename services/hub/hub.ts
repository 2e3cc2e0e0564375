/**
 * Loads rules from disk: a hub folder in the layout of CrowdSec's hub, data files, pattern files and profiles.
 *
 *     parsers/<stage>/<author>/x.yaml   postoverflows/<stage>/<author>/x.yaml
 *     scenarios/<author>/x.yaml         contexts/<author>/x.yaml
 *     collections/<author>/x.yaml       data/<file>
 *     patterns/<file>                   .index.json (optional: names and versions)
 */
import { readdir, stat } from "node:fs/promises"
import { basename } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { readRules } from "../../domain/rules/rule-file.ts"
import { orderFiles } from "../../domain/rules/inventory.ts"
import { reason } from "../file-failure.ts"
import { selectItems } from "./collection.ts"
import { readData } from "./data.ts"
import { readHashed, unreadable } from "./folder.ts"
import { findItems } from "./item.ts"
import { readPatterns } from "./patterns.ts"

/** Why nothing can be loaded at all. All that is wrong with single files is a `Problem` instead. */
export class HubUnreadable extends Data.TaggedError("HubUnreadable")<{
  readonly code: "TST-HUB-UNREADABLE"
  readonly folder: string
  readonly message: string
}> {}

export interface HubOptions {
  /** The hub folder. */
  readonly hub: string
  /** Where data files are looked for first. */
  readonly data?: string
  /**
   * Names of collections: these and all they name are loaded, and the base parsers (`…/syslog-logs`,
   * `…/dateparse-enrich`) with them, so that `crowdsecurity/nginx` alone works on an nginx log. None: everything.
   */
  readonly collections?: ReadonlyArray<string>
  /** Folders of grok pattern files, besides that of the hub. */
  readonly patterns?: ReadonlyArray<string>
  /** A profiles file. One beside it that is called the same with `.local` after it comes before it. */
  readonly profiles?: string
}

export interface HubContent {
  /** In the order in which they count (see `orderFiles`). */
  readonly files: ReadonlyArray<RuleFile>
  /**
   * What is wrong with the folders, the collections and the data files. What is wrong with a rule's own text,
   * `readRules` tells whoever compiles it.
   */
  readonly problems: ReadonlyArray<Problem>
}

/** Of a profiles file. */
const maximumBytes = 4 * 1024 * 1024

/** Fails only when the hub folder itself cannot be read; everything else is a problem of the content. */
export const loadHub = (options: HubOptions): Effect.Effect<HubContent, HubUnreadable> =>
  Effect.tryPromise({
    try: () => load(options),
    catch: (cause) =>
      new HubUnreadable({
        code: "TST-HUB-UNREADABLE",
        folder: options.hub,
        message: `The hub folder ${options.hub} cannot be read: ${reason(cause)}. Name one with parsers/ and scenarios/ in it.`
      })
  })

const load = async (options: HubOptions): Promise<HubContent> => {
  // Lists the folder for the sake of the error: a hub that is missing is not an empty one.
  await readdir(options.hub)
  const problems: Problem[] = []
  const items = await findItems(options.hub, problems)
  if (items.all.length === 0) {
    const message = "holds no rules; a hub has the folders parsers/<stage>/<author> and scenarios/<author>"
    problems.push({ code: "TST-HUB-EMPTY", severity: "error", file: options.hub, message })
  }
  const wanted =
    options.collections === undefined || options.collections.length === 0
      ? new Set(items.all)
      : await selectItems(options.hub, items, options.collections, problems)

  const rules: RuleFile[] = []
  for (const item of wanted) {
    if (item.kind === "collections") continue
    const file = await items.read(item)
    if (file !== undefined) rules.push(file as RuleFile)
  }
  const ordered = orderFiles(rules)
  const entries = ordered.flatMap((file) => readRules(file).rules)
  const data = await readData(entries, options.hub, options.data, problems)
  const patterns = await readPatterns(options.hub, options.patterns ?? [], problems)
  const profiles = options.profiles === undefined ? [] : await readProfiles(options.profiles, problems)
  return { files: orderFiles([...patterns, ...data, ...ordered, ...profiles]), problems }
}

const readProfiles = async (file: string, problems: Problem[]): Promise<ReadonlyArray<RuleFile>> => {
  const local = `${file}.local`
  const files = (await isOrdinary(local)) ? [local, file] : [file]
  const read = await Promise.all(files.map((each) => readFile(basename(each), each, problems)))
  return read.filter((each) => each !== undefined)
}

const isOrdinary = async (file: string): Promise<boolean> => {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ?? false
}

const readFile = async (path: string, file: string, problems: Problem[]): Promise<RuleFile | undefined> => {
  try {
    return { kind: "profiles", path, file, version: "?", ...(await readHashed(file, maximumBytes)) }
  } catch (cause) {
    problems.push(unreadable(file, cause))
    return undefined
  }
}
