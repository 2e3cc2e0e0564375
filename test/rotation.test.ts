/** Rotation loses nothing and repeats nothing, and an attacker is found whose attempts are on both sides of it. */
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { addressOf } from "../fixtures/generators/address.ts"
import { every, failedPassword } from "./attacks.ts"
import { found, sorted } from "./recorded.ts"
import { authLog, type Station, station } from "./station.ts"

describe("rotation loses nothing and repeats nothing", () => {
  /** An attack in two halves with something in between, told by the log's lines so far. */
  const rotated = (site: Station) => {
    const written: Array<string> = []
    let number = 300
    const some = (address: string, from: number) => {
      const lines = every(1, Date.now() - 4_000, 4).map((at, n) => failedPassword(at, address, from + n))
      written.push(...lines)
      site.write(authLog, lines)
    }
    return {
      written,
      /** Makes the attack around a rotation; answers the attacker. */
      attack: async (rotate: () => unknown) => {
        const address = addressOf(number++)
        some(address, 40_000)
        await rotate()
        some(address, 50_000)
        return address
      },
      attackers: () =>
        sorted(
          Array.from({ length: number - 300 }, (_, n) => found(addressOf(300 + n), "ssh-bf", "ssh-bf-connections"))
        )
    }
  }
  const rename = (path: string) => renameSync(path, `${path}.1`)
  const copyAndTruncate = (path: string) => {
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  }
  const shift = (path: string) => {
    writeFileSync(`${path}.2.gz`, gzipSync(readFileSync(`${path}.1`)))
    rmSync(`${path}.1`)
  }

  it("while the node runs", async () => {
    const site = await station(authLog)
    const path = site.path(authLog)
    const { attack, attackers, written } = rotated(site)
    const node = await site.start()
    written.push(failedPassword(Date.now(), addressOf(1_000), 1))
    site.write(authLog, written)
    // Of a file that nobody has seen yet, a rotation leaves no trace.
    await site.hasLines(authLog, 1)
    for (const rotate of [
      () => rename(path),
      () => copyAndTruncate(path),
      async () => {
        await site.hasLines(authLog, written.length)
        shift(path)
        rename(path)
      },
      () => {
        shift(path)
        copyAndTruncate(path)
      },
      () => {
        // Twice, before anybody can look.
        shift(path)
        rename(path)
        const line = failedPassword(Date.now(), addressOf(1_001), 1)
        written.push(line)
        site.write(authLog, [line])
        renameSync(`${path}.1`, `${path}.2`)
        rename(path)
      }
    ]) {
      const address = await attack(rotate)
      await node.says(new RegExp(`ban ${address} `), 180_000)
    }
    await site.hasLines(authLog, written.length)
    expect((await node.stop("SIGINT")).status).toBe(0)
    await site.hasExactly(authLog, written)
    expect(await site.verdicts()).toEqual(attackers())
  }, 600_000)

  it("while the node is stopped", async () => {
    const site = await station(authLog)
    const path = site.path(authLog)
    const { attack, attackers, written } = rotated(site)
    let node = await site.start()
    const stopped = (signal: NodeJS.Signals, rotate: () => void) => async () => {
      await site.hasLines(authLog, written.length)
      await node.stop(signal)
      rotate()
    }
    for (const away of [
      stopped("SIGINT", () => rename(path)),
      stopped("SIGKILL", () => {
        shift(path)
        copyAndTruncate(path)
      }),
      stopped("SIGINT", () => {
        // Rotated and compressed, and what came then is rotated already, too.
        shift(path)
        rename(path)
        shift(path)
        const lines = [failedPassword(Date.now(), addressOf(1_000), 1)]
        written.push(...lines)
        site.write(authLog, lines)
        rename(path)
      })
    ]) {
      const address = await attack(away)
      node = await site.start()
      await node.says(new RegExp(`ban ${address} `), 180_000)
    }
    await site.hasLines(authLog, written.length)
    await node.stop("SIGINT")
    await site.hasExactly(authLog, written)
    expect(await site.verdicts()).toEqual(attackers())
  }, 600_000)
})
