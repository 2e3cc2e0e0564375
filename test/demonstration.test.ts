/** The main job as `npm start` does it: the shipped configuration, but for the port and the folder. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { freePort } from "../fixtures/free-port.ts"
import { root, run, temporaryFolder, testudo } from "./process.ts"

it("bans the attackers of the sample logs as their lines arrive, and a second start finds its history", async () => {
  const folder = temporaryFolder()
  const port = await freePort()
  const shipped = readFileSync(join(root, "testudo.yaml"), "utf8")
  const file = join(folder, "testudo.yaml")
  writeFileSync(
    file,
    shipped
      .replace("listen: 127.0.0.1:8080", `listen: 127.0.0.1:${port}`)
      .replaceAll("./fixtures/", `${root}/fixtures/`)
      .replace("hub: ./hub", `hub: ${root}/hub`)
  )
  const node = testudo("run", "--config", file)
  await node.says(/Try in another terminal/)
  expect(node.output()).toContain("The log is new.")
  await node.says(/ban 203\.0\.113\.99 for 4h: testudo\/http-card-stuffing, \d+ events over/, 180_000)
  await node.says(/testudo\/targeted-attack/, 180_000)
  expect(node.output()).not.toMatch(/error|warning|TST-/)

  const attacks = await fetch(`http://127.0.0.1:${port}/projections/targeted-attacks`)
  expect(await attacks.text()).toContain("203.0.113.66")
  const listed = await run("decisions", "list", "--config", file)
  expect(listed.stdout).toContain("Ip:203.0.113.99")
  expect((await node.stop("SIGINT")).status).toBe(0)

  const again = testudo("run", "--config", file)
  await again.says(/The log goes on; [1-9]\d* bans are active\./)
  const then = await fetch(`http://127.0.0.1:${port}/projections/active-bans?at=2020-01-01T00:00:00Z`)
  expect(await then.json()).toMatchObject({ bans: [] })
  expect((await again.stop("SIGTERM")).status).toBe(0)
}, 600_000)
