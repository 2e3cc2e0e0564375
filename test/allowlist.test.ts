/** The allowlist of the configuration is respected at once and everywhere. */
import { cpSync, rmSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { addressOf } from "../fixtures/generators/address.ts"
import { every, failedPassword } from "./attacks.ts"
import { root, run } from "./process.ts"
import { authLog, station } from "./station.ts"

describe("an allowlist", () => {
  it("that is edited while the node runs counts at once; loopback and this machine are never banned", async () => {
    const site = await station(authLog)
    const friend = addressOf(500)
    const other = addressOf(501)
    const stranger = addressOf(502)
    const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.map(({ address }) => address.split("%")[0]!)
    )
    const machine = [...new Set(["127.0.0.1", "127.3.4.5", "::1", ...own])]
    // Without the parser that drops the lines of private addresses: the allowlist alone must hold.
    cpSync(join(root, "hub"), join(site.folder, "hub"), { recursive: true })
    rmSync(join(site.folder, "hub/parsers/s02-enrich/testudo/whitelists.yaml"))
    const rules = "rules: { hub: ./hub }\n"
    site.configure(rules)
    const key = async () => {
      const { stdout } = await run("bouncers", "add", "edge", "--json", "--store", site.store)
      return { "X-Api-Key": JSON.parse(stdout).key as string }
    }
    const attack = (minutesAgo: number, ...addresses: ReadonlyArray<string>) => {
      const times = every(1, Date.now() - minutesAgo * 60_000, 8)
      for (const address of addresses)
        site.write(
          authLog,
          times.map((at, n) => failedPassword(at, address, 40_000 + n))
        )
    }
    const node = await site.start()
    const headers = await key()
    const banned = async () => {
      const ask = async (path: string) => JSON.stringify(await (await fetch(`${site.url}${path}`, { headers })).json())
      const answers = await Promise.all(
        [`/v1/decisions?ip=${friend}`, "/v1/decisions", "/projections/active-bans"].map(ask)
      )
      return answers.map((answer) => answer.includes(friend))
    }
    attack(60, ...machine)
    attack(50, friend)
    await node.says(new RegExp(`ban ${friend} `), 180_000)
    expect(await banned()).toEqual([true, true, true])
    const bans = (address: string) => node.output().split(`ban ${address} `).length - 1
    const before = bans(friend)

    site.configure(`${rules}allowlist: ["${friend}", "${other}"]\n`)
    await node.says(/The edited allowlist is respected/)
    expect(await banned()).toEqual([false, false, false])
    attack(40, friend, other, stranger)
    await node.says(new RegExp(`ban ${stranger} `), 180_000)
    expect(await banned()).toEqual([false, false, false])
    expect([bans(friend), bans(other)]).toEqual([before, 0])

    site.configure(rules)
    await node.says(/The edited allowlist is respected[\s\S]*The edited allowlist is respected/)
    attack(30, other)
    await node.says(new RegExp(`ban ${other} `), 180_000)
    await node.stop("SIGINT")
    const verdicts = new Map((await site.verdicts()).map(({ value, banned }) => [value, banned]))
    expect([...verdicts.keys()].sort()).toEqual([friend, stranger, other, ...machine].sort())
    for (const address of machine) expect([address, verdicts.get(address)]).toEqual([address, false])
  }, 600_000)
})
