/** `bin/setup`: what it says must help. */
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "./process.ts"

it("names itself to a user who may not write: npm alone would leave the next call where this one was", () => {
  const checkout = mkdtempSync(join(tmpdir(), "testudo-setup-"))
  try {
    mkdirSync(join(checkout, "bin"))
    const setup = join(checkout, "bin/setup")
    copyFileSync(join(root, "bin/setup"), setup)
    writeFileSync(join(checkout, "package-lock.json"), "{}")
    // A folder that nobody can make, not even root.
    writeFileSync(join(checkout, "node_modules"), "")
    const { status, stderr } = spawnSync(setup, { encoding: "utf8" })
    expect(stderr).toBe(
      `testudo: ${checkout}/node_modules cannot be written. Run this once as a user who may: ${setup}\n`
    )
    expect(status).toBe(1)
  } finally {
    rmSync(checkout, { recursive: true })
  }
})
