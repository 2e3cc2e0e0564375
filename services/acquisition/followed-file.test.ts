import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { FollowedFile, usualPatience } from "./followed-file.ts"

test("a rotated file is left in time although the clock is set back meanwhile", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tst-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, "a.log")
  writeFileSync(path, "one\n")
  const file = new FollowedFile({
    ...{ source: path, path, labels: {}, zone: "UTC", start: "beginning", position: undefined },
    patience: usualPatience,
    report: () => {}
  })
  onTestFinished(() => file.close())
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
