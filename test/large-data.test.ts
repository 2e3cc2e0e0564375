/** Data files that are too large for the log are identified by their hash: rules of the past find them where they are. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { addressOf } from "../fixtures/generators/address.ts"
import { failedPassword } from "./attacks.ts"
import { root } from "./process.ts"
import { authLog, station } from "./station.ts"

const scenario = `
type: trigger
name: me/listed
description: "Failed logins of listed addresses"
filter: "evt.Meta.log_type == 'ssh_failed-auth' && evt.Meta.source_ip in File('listed.txt')"
groupby: evt.Meta.source_ip
data:
  - { source_url: "https://example.org/listed.txt", dest_file: listed.txt, type: string }
labels: { remediation: true }
`

it("a large list judges on after a restart, from a snapshot and from the log alone, and its absence is told", async () => {
  const site = await station(authLog)
  const hub = join(site.folder, "hub")
  cpSync(join(root, "hub"), hub, { recursive: true })
  mkdirSync(join(hub, "data"), { recursive: true })
  writeFileSync(join(hub, "scenarios/listed.yaml"), scenario)
  const list = join(hub, "data/listed.txt")
  const filler = Array.from({ length: 600_000 }, (_, n) => `filler-${n}`)
  writeFileSync(list, `${[...filler, addressOf(1), addressOf(2), addressOf(3)].join("\n")}\n`)
  site.configure("rules: { hub: ./hub }\n")

  let node = await site.start()
  site.write(authLog, [failedPassword(Date.now(), addressOf(1), 1)])
  await site.bans(addressOf(1))
  await node.stop("SIGINT")

  node = await site.start()
  site.write(authLog, [failedPassword(Date.now(), addressOf(2), 2)])
  await site.bans(addressOf(2))
  await node.stop("SIGKILL")

  rmSync(join(site.store, "snapshots"), { recursive: true, force: true })
  node = await site.start()
  site.write(authLog, [failedPassword(Date.now(), addressOf(3), 3)])
  await site.bans(addressOf(3))
  expect(node.output()).not.toContain("TST-ENGINE-CONTENT")
  await node.stop("SIGINT")

  rmSync(list)
  node = await site.start()
  await node.says(/listed\.txt.*TST-ENGINE-CONTENT/s)
  await node.stop("SIGINT")
}, 600_000)
