import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { FilesRead } from "./files-read.ts"
import { FollowedFile, type FollowOptions } from "./followed-file.ts"
import { usualPatience } from "./patience.ts"

/** A log with one line, and its reader. */
const followed = ({ isNamed }: Pick<FollowOptions, "isNamed">) => {
  const folder = mkdtempSync(join(tmpdir(), "tst-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, "a.log")
  writeFileSync(path, "one\n")
  const file = new FollowedFile({
    ...{ source: path, path, labels: {}, zone: "UTC", position: undefined, isFinished: false, latePositions: [] },
    isNamed,
    read: new FilesRead(),
    patience: usualPatience,
    report: () => {}
  })
  onTestFinished(() => file.close())
  return { path, file }
}

test("a rotated file is left in time although the clock is set back meanwhile", async () => {
  const { path, file } = followed({ isNamed: true })
  const now = Date.now()
  expect(await file.fill(now)).toBe("lines")
  expect(file.take(now)?.range).toEqual({ from: 0, to: 4 })
  renameSync(path, `${path}.1`)
  writeFileSync(path, "two\n")
  appendFileSync(`${path}.1`, "late\n")
  expect(await file.fill(now)).toBe("lines")
  expect(file.take(now)?.range).toEqual({ from: 4, to: 9 })
  expect(await file.fill(now)).toBe("waiting")
  const back = now - 3_600_000
  expect(await file.fill(back)).toBe("waiting")
  expect(await file.fill(back + usualPatience.bothWritten)).toBe("lines")
  expect(file.take(back)?.range).toEqual({ from: 0, to: 4 })
})

test.each([
  { what: "deleted", remove: (path: string) => rmSync(path), patience: usualPatience.deleted },
  { what: "moved", remove: (path: string) => renameSync(path, `${path}.archived`), patience: usualPatience.moved }
])("a file that was $what is gone in time when a pattern found it, and waited for when it was named", async (way) => {
  for (const isNamed of [false, true]) {
    const { path, file } = followed({ isNamed })
    const now = Date.now()
    expect(await file.fill(now)).toBe("lines")
    file.take(now)
    way.remove(path)
    expect(await file.fill(now + way.patience / 2)).toBe("waiting")
    expect(file.isGone).toBe(false)
    for (let look = 0; look < 3; look++) expect(await file.fill(now + way.patience + 1_000)).toBe("waiting")
    expect(file.isGone).toBe(!isNamed)
    writeFileSync(path, "another\n")
    // One that was only moved may be written to a little longer.
    await file.fill(now + way.patience + 2_000)
    expect(await file.fill(now + way.patience + 4_000)).toBe("lines")
    expect(file.isGone).toBe(false)
  }
})
