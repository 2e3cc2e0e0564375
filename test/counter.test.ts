/** A counter bucket of a running node: when no line comes any more, the passing of time is recorded and ends it. */
import { cpSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { addressOf } from "../fixtures/generators/address.ts"
import { OverflowRaised } from "../domain/events/overflow.ts"
import { TimePassed } from "../domain/events/time-passed.ts"
import { failedPassword } from "./attacks.ts"
import { root } from "./process.ts"
import { recordedEvents } from "./recorded.ts"
import { authLog, station } from "./station.ts"

const counter = `
type: counter
name: me/counted
description: "Failed logins of three seconds"
filter: "evt.Meta.log_type == 'ssh_failed-auth'"
groupby: evt.Meta.source_ip
duration: 3s
overflow_filter: leaky.Total_count >= 3
labels: { remediation: true }
`

it("runs over by itself, once, also through a restart and when the log is folded anew", async () => {
  const site = await station(authLog)
  cpSync(join(root, "hub"), join(site.folder, "hub"), { recursive: true })
  writeFileSync(join(site.folder, "hub/scenarios/counted.yaml"), counter)
  site.configure("rules: { hub: ./hub }\n")
  const attempts = (n: number) => [1, 2, 3].map((port) => failedPassword(Date.now(), addressOf(n), port))
  const happened = () =>
    recordedEvents(site.store, { types: [OverflowRaised.type, TimePassed.type] }).then((events) =>
      events.map((event) => (OverflowRaised.is(event) ? event.data.source.value : event.type))
    )

  let node = await site.start()
  site.write(authLog, attempts(1))
  await site.bans(addressOf(1))
  site.write(authLog, attempts(2))
  await site.hasLines(authLog, 6)
  await node.stop("SIGINT")
  node = await site.start()
  await site.bans(addressOf(2))
  const verdicts = ["TimePassed", addressOf(1), "TimePassed", addressOf(2)]
  expect(await happened()).toEqual(verdicts)
  await node.stop("SIGINT")

  rmSync(join(site.store, "snapshots"), { recursive: true })
  node = await site.start()
  site.write(authLog, attempts(3))
  await site.bans(addressOf(3))
  await node.stop("SIGINT")
  expect(await happened()).toEqual([...verdicts, "TimePassed", addressOf(3)])
}, 600_000)
