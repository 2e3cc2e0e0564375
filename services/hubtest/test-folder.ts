/**
 * A hub test as people write it: a folder with `config.yaml`, a log, and what the parsers and
 * scenarios must make of it in `parser.assert` and `scenario.assert`.
 */
import { readdir, realpath } from "node:fs/promises"
import { basename, dirname, isAbsolute, join } from "node:path"
import { byteOrder } from "../../domain/text/byte-order.ts"
import { isInside } from "../hub/folder.ts"
import { isMissing, isNoFolder } from "../file-failure.ts"

/** One of them makes a folder a test: one that has lost its `config.yaml` must not go unnoticed. */
const marks: ReadonlySet<string> = new Set(["config.yaml", "config.yml", "parser.assert", "scenario.assert"])

/** Names of the folders of tests, in byte order. Rejects when the folder cannot be read. */
export const findTests = async (tests: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(tests)
  const found = await Promise.all(entries.map(async (name) => ((await isTest(join(tests, name))) ? [name] : [])))
  return found.flat().sort(byteOrder)
}

/** One that cannot be read counts: the test that may be in it must not go unnoticed. */
const isTest = async (folder: string): Promise<boolean> => {
  try {
    return (await readdir(folder)).some((file) => marks.has(file))
  } catch (cause) {
    return !isMissing(cause) && !isNoFolder(cause)
  }
}

/** What was meant by a folder without tests, for people: it may be a test itself, or a hub with its tests below. */
export const meantBy = async (folder: string): Promise<string> => {
  if (await isTest(folder))
    return ` This one is a test itself: call it with --tests ${dirname(folder)} ${basename(folder)}`
  const below = join(folder, ".tests")
  return (await findTests(below).catch((): ReadonlyArray<string> => [])).length > 0 ? ` Did you mean ${below}?` : ""
}

/** A path that a test names, as seen from the folder. */
export const seenFrom = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path))

/**
 * Fails when a file that a test names does not lie in one of these folders, wherever its links lead: tests come from
 * strangers as rules do, and what a test reads it shows.
 */
export const staysWithin = async (file: string, folders: ReadonlyArray<string>): Promise<void> => {
  const real = await realpath(file)
  for (const folder of folders) if (isInside(await realpath(folder), real)) return
  throw new Error("it lies outside the folder of the tests")
}
