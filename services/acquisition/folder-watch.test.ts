import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, onTestFinished, test } from "vitest"
import { FolderWatch } from "./folder-watch.ts"

const watched = () => {
  const folder = mkdtempSync(join(tmpdir(), "tst-"))
  const watch = new FolderWatch()
  onTestFinished(() => {
    watch.close()
    rmSync(folder, { recursive: true })
  })
  return { folder, watch }
}

const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 1_000) throw new Error(`waited in vain: ${what}`)
    await sleep(5)
  }
}

test("a folder is watched as long as somebody listens to a path in it", () => {
  const { folder, watch } = watched()
  const places = ["a", "b"].map((name) => join(folder, name))
  for (const place of places) mkdirSync(place)
  const [one, other] = [() => {}, () => {}]
  for (const place of places) for (const wake of [one, other]) watch.listen(join(place, "x.log"), wake)
  // Both listen to the last path that they named.
  expect(watch.size).toBe(1)
  watch.leave(one)
  expect(watch.size).toBe(1)
  watch.leave(other)
  expect(watch.size).toBe(0)
  watch.leave(other)
})

test.each([
  { way: "deleted", remove: (place: string) => rmSync(place, { recursive: true }) },
  { way: "moved away", remove: (place: string) => renameSync(place, `${place}.old`) }
])("a folder that takes the place of one that was $way is watched anew", async ({ remove }) => {
  const { folder, watch } = watched()
  const place = join(folder, "pod")
  const path = join(place, "x.log")
  let woken = 0
  const wake = () => {
    woken += 1
  }
  mkdirSync(place)
  expect(watch.listen(path, wake)).toBe(true)
  writeFileSync(path, "one\n")
  await until("the first line", () => woken > 0)
  remove(place)
  await until("the folder's end", () => !watch.listen(path, wake))
  mkdirSync(place)
  expect(watch.listen(path, wake)).toBe(true)
  woken = 0
  writeFileSync(path, "two\n")
  await until("a line in the new folder", () => woken > 0)
  expect(watch.size).toBe(1)
})
