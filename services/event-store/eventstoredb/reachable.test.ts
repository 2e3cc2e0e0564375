import { createServer } from "node:net"
import { afterEach, expect, it } from "vitest"
import { StandIn } from "../../../fixtures/eventstoredb/stand-in.ts"
import { reasonAway } from "./reachable.ts"

const stops: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

it("knows the port at which nothing listens, and the name that no host has", async () => {
  const server = createServer()
  const port = await new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as { readonly port: number }).port))
  })
  await new Promise((done) => server.close(done))
  expect(await reasonAway(`kurrentdb://127.0.0.1:${port}?tls=false`)).toContain(`nothing listens at 127.0.0.1:${port}`)
  expect(await reasonAway("kurrentdb://ada:secret@no-such-host.invalid:2113")).toMatch(
    /name no-such-host\.invalid|looked up/
  )
})

it("knows a server without TLS that is asked for it, and says nothing of one that is asked as it is", async () => {
  const standIn = await StandIn.start()
  stops.push(() => standIn.stop())
  const location = `kurrentdb://127.0.0.1:${standIn.port}`
  expect(await reasonAway(`${location}?connectionName=testudo`)).toContain("write ?tls=false")
  expect(await reasonAway(`${location}?tls=false`)).toBeUndefined()
})
