import assert from "node:assert/strict"
import { BanSet } from "../edge/ban-set.ts"
import type { SyncStatus } from "../edge/sync.ts"
import { createHandler } from "./handler.ts"

const now = Date.parse("2026-03-01T12:00:00Z")

const ban = (id: number, value: string, fields: Record<string, unknown> = {}) => ({
  id,
  scope: "Ip",
  value,
  type: "ban",
  until: "2026-03-01T16:00:00.125Z",
  scenario: "testudo/ssh-bf",
  origin: "crowdsec",
  reason: "ssh",
  ...fields
})

const setOf = async (...bans: ReadonlyArray<unknown>): Promise<BanSet> => {
  const set = new BanSet()
  await set.replace(bans, [], now)
  return set
}

const handlerOf = (set: BanSet, whenUnknown: "open" | "closed" = "open", clock = { now }) => {
  const reports: Array<string> = []
  const status: SyncStatus = { mode: "stream", connected: true, lastSync: now, position: "17", problem: undefined }
  const handler = createHandler({
    set,
    status: () => status,
    whenUnknown,
    now: () => clock.now,
    report: (line) => reports.push(line)
  })
  const ask = (path: string, address?: string): Response =>
    handler(
      new Request(`http://127.0.0.1:8081${path}`, address === undefined ? {} : { headers: { "X-Real-IP": address } })
    )
  return { ask, reports }
}

Deno.test("a banned address is refused with what a person needs, another passes", async () => {
  const { ask } = handlerOf(await setOf(ban(12, "192.0.2.1")))
  for (const [path, pass] of [
    ["/verdict", 204],
    ["/nginx", 418],
    ["/nginx?x=1", 418]
  ] as const) {
    assert.equal(ask(path, "192.0.2.2").status, pass)
    const refused = ask(path, "192.0.2.1")
    assert.equal(refused.status, 403)
    assert.equal(refused.headers.get("x-testudo-remediation"), "ban")
    assert.equal(refused.headers.get("x-testudo-decision"), "12")
    assert.equal(refused.headers.get("x-testudo-until"), "2026-03-01T16:00:00Z")
    assert.equal(refused.headers.get("x-testudo-reason"), "testudo/ssh-bf")
  }
})

Deno.test("captcha is refused, milder remediations pass with their name", async () => {
  const { ask } = handlerOf(
    await setOf(ban(1, "192.0.2.1", { type: "captcha" }), ban(2, "192.0.2.2", { type: "throttle" }))
  )
  assert.equal(ask("/nginx", "192.0.2.1").status, 403)
  const throttled = ask("/nginx", "192.0.2.2")
  assert.equal(throttled.status, 418)
  assert.equal(throttled.headers.get("x-testudo-remediation"), "throttle")
})

Deno.test("hostile texts become harmless headers", async () => {
  const hostile = "<script>\r\nSet-Cookie: a=b\u0000é\u{1f600}"
  const { ask } = handlerOf(await setOf(ban(1, "192.0.2.1", { id: hostile, type: hostile, scenario: hostile })))
  const response = ask("/verdict", "192.0.2.1")
  for (const name of ["x-testudo-remediation", "x-testudo-decision", "x-testudo-reason"])
    assert.match(response.headers.get(name)!, /^[\w.:/@+ -]+$/)
  const far = handlerOf(await setOf(ban(1, "192.0.2.1", { until: 1e300 })))
  assert.equal(far.ask("/verdict", "192.0.2.1").headers.get("x-testudo-until"), "")
})

Deno.test("while the API has never answered the configuration decides", () => {
  const open = handlerOf(new BanSet(), "open")
  assert.deepEqual([open.ask("/verdict", "192.0.2.1").status, open.ask("/nginx", "192.0.2.1").status], [204, 418])
  const closed = handlerOf(new BanSet(), "closed")
  assert.deepEqual([closed.ask("/verdict", "192.0.2.1").status, closed.ask("/nginx", "192.0.2.1").status], [403, 403])
  assert.equal(closed.ask("/verdict", "192.0.2.1").headers.get("x-testudo-remediation"), "unknown")
  assert.deepEqual([...open.reports, ...closed.reports], [])
})

Deno.test("a missing or malformed address is as the configuration says, and told once a minute", async () => {
  const clock = { now }
  const { ask, reports } = handlerOf(await setOf(), "closed", clock)
  for (const address of [undefined, "", "unix:", "192.0.2.1, 192.0.2.2", "192.0.2.0/24", "x".repeat(5_000)])
    assert.equal(ask("/nginx", address).status, 403)
  assert.equal(reports.length, 1)
  assert.match(reports[0]!, /no X-Real-IP.*TST-BOUNCER-ADDRESS/)
  clock.now += 60_000
  ask("/nginx", "x".repeat(5_000))
  assert.equal(reports.length, 2)
  assert.ok(reports[1]!.length < 250)
  assert.equal(handlerOf(await setOf(), "open").ask("/nginx").status, 418)
})

Deno.test("health tells how the copy stands", async () => {
  const known = handlerOf(await setOf(ban(1, "192.0.2.1"))).ask("/health")
  assert.equal(known.status, 200)
  assert.deepEqual(await known.json(), {
    bans: 1,
    allowlist: 0,
    synced: true,
    connected: true,
    mode: "stream",
    position: "17",
    lastSync: "2026-03-01T12:00:00.000Z",
    problem: null,
    whenUnknown: "open"
  })
  assert.equal(handlerOf(new BanSet()).ask("/health").status, 503)
})

Deno.test("other paths are none", async () => {
  const { ask } = handlerOf(await setOf())
  for (const path of ["/", "/verdict/", "/nginx/..", "//nginx", "/%6eginx"])
    assert.equal(ask(path, "192.0.2.1").status, 404)
})
