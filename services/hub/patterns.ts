/** Grok patterns of people's own: folders that are named, and `patterns` in the hub. */
import { readdir, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { type FoundFile, listFiles, readHashed, unreadable } from "./folder.ts"

/** Of one file. */
const maximumBytes = 4 * 1024 * 1024

/** As in CrowdSec, files with a dot in their name are no pattern files. */
const isPatternFile = (name: string): boolean => !name.includes(".")

/** The pattern files of these folders and of the hub. */
export const readPatterns = async (
  hub: string,
  folders: ReadonlyArray<string>,
  problems: Problem[]
): Promise<ReadonlyArray<RuleFile>> => {
  const found = await Promise.all(folders.map((folder) => filesIn(folder, problems)))
  const files: RuleFile[] = []
  for (const { path, file } of [...found.flat(), ...(await listFiles(hub, "patterns", isPatternFile, problems))]) {
    try {
      const content = await readHashed(file, maximumBytes)
      files.push({ kind: "patterns", path: basename(path), file, version: "?", ...content })
    } catch (cause) {
      problems.push(unreadable(file, cause))
    }
  }
  return files
}

/** A folder that its owner names may hold links to anywhere. */
const filesIn = async (folder: string, problems: Problem[]): Promise<ReadonlyArray<FoundFile>> => {
  const names = await readdir(folder).catch((cause) => {
    problems.push(unreadable(folder, cause))
    return []
  })
  const files: FoundFile[] = []
  for (const path of names.filter(isPatternFile)) {
    const file = join(folder, path)
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile() === true) files.push({ path, file })
  }
  return files
}
