import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { FastifyInstance, InjectOptions } from "fastify"
import { time } from "../../domain/decision/example.fixture.ts"
import { decisionRetracted, overflowRaised } from "../../projections/example.fixture.ts"
import { bouncerHeaders, deciding, record, trial } from "./trial.fixture.ts"

const get = (app: FastifyInstance, url: string, options: InjectOptions = {}) =>
  Effect.promise(() => app.inject({ method: "GET", url, headers: { host: "127.0.0.1:8080" }, ...options }))

describe("/projections", () => {
  it.live("tells how far each projection has come, and measures it for Prometheus", () =>
    trial((app) =>
      Effect.gen(function* () {
        yield* record(deciding(1, { value: "192.0.2.1" }))
        const index = (yield* get(app, "/projections")).json<{ projections: ReadonlyArray<object> }>()
        assert.deepInclude(index.projections[0], { projection: "active-bans", version: 1, position: 1, parked: null })
        assert.lengthOf(index.projections, 4)
        const metrics = yield* get(app, "/metrics")
        assert.include(metrics.headers["content-type"], "text/plain; version=0.0.4")
        assert.match(metrics.body, /^testudo_projection_parked\{projection="active-bans"\} 0$/m)
        assert.match(metrics.body, /^testudo_projection_lag_seconds\{projection="reputation"\} [\d.]+$/m)
        assert.match(metrics.body, /^testudo_log_head_position 1$/m)
        assert.match(metrics.body, /^# TYPE process_cpu_seconds_total counter$/m)
        const of = (body: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(body)?.[1])
        assert.closeTo(of(metrics.body, "process_start_time_seconds"), Date.now() / 1000 - process.uptime(), 1)
        assert.isAbove(of(metrics.body, "process_resident_memory_bytes"), 1e7)
        const cpu = "process_cpu_seconds_total"
        const later = yield* get(app, "/metrics")
        assert.isAbove(of(later.body, cpu), of(metrics.body, cpu))
        assert.isAtMost(of(later.body, cpu), process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6)
        for (const path of ["/projections", "/metrics"]) {
          const fromElsewhere = yield* get(app, path, { headers: { host: "rebound.example" } })
          assert.strictEqual(fromElsewhere.statusCode, 403)
        }
      })
    )
  )

  it.live("shows the active bans, now and as of a past time", () =>
    trial((app) =>
      Effect.gen(function* () {
        const first = deciding(1, { value: "192.0.2.1" })
        yield* record(first)
        yield* Effect.sleep("20 millis")
        const between = time(Date.now())
        yield* Effect.sleep("20 millis")
        yield* record(
          deciding(2, { scope: "Range", value: "198.51.100.0/24" }),
          decisionRetracted(first, { position: 3, recordedAt: Date.now() })
        )
        const ids = Effect.fnUntraced(function* (query: string) {
          const response = yield* get(app, `/projections/active-bans${query}`)
          assert.strictEqual(response.statusCode, 200)
          return response.json<{ bans: ReadonlyArray<{ id: number }> }>().bans.map(({ id }) => id)
        })
        assert.deepStrictEqual(yield* ids(""), [2])
        assert.deepStrictEqual(yield* ids("?value=198.51.100.9"), [2])
        assert.deepStrictEqual(yield* ids("?value=203.0.113.1"), [])
        assert.deepStrictEqual(yield* ids(`?at=${between}`), [1])
        assert.deepStrictEqual(yield* ids(`?at=${between.replace("Z", "+00:00")}`), [1])
        assert.deepStrictEqual(yield* ids("?at=2020-01-01T00:00:00Z"), [])
        const { bans } = (yield* get(app, "/projections/active-bans")).json<{ bans: ReadonlyArray<object> }>()
        assert.containsAllKeys(bans[0], [
          "id",
          "event",
          "scope",
          "value",
          "type",
          "from",
          "until",
          "scenario",
          "reason"
        ])
      })
    )
  )

  it.live("shows reputations and targeted attacks", () =>
    trial((app) =>
      Effect.gen(function* () {
        const now = Date.now()
        const at = { startAt: time(now - 1_000), stopAt: time(now) }
        yield* record(
          ...["ssh:bruteforce", "http:scan", "http:exploit"].map((behavior, index) =>
            overflowRaised({ ...at, scenarioName: `s/${behavior}`, labels: { behavior } }, { position: index })
          ),
          overflowRaised({ ...at, source: { scope: "Range", value: "198.51.100.0/24" } }, { position: 9 })
        )
        const all = (yield* get(app, "/projections/reputation?limit=1")).json<{
          total: number
          offenders: ReadonlyArray<{ value: string }>
        }>()
        assert.deepStrictEqual([all.total, all.offenders.map(({ value }) => value)], [2, ["203.0.113.7"]])
        const one = yield* get(app, "/projections/reputation/ip/203.0.113.7")
        assert.strictEqual(one.json<{ overflows: number }>().overflows, 3)
        const range = yield* get(app, "/projections/reputation/Range/198.51.100.7%2F24")
        assert.strictEqual(range.json<{ value: string }>().value, "198.51.100.0/24")
        const attacks = (yield* get(app, "/projections/targeted-attacks")).json<{
          attacks: ReadonlyArray<{ open: boolean; kinds: ReadonlyArray<string> }>
        }>()
        assert.deepStrictEqual(
          attacks.attacks.map(({ open, kinds }) => ({ open, kinds })),
          [{ open: true, kinds: ["ssh:bruteforce", "http:scan", "http:exploit"] }]
        )
        const past = yield* get(app, "/projections/targeted-attacks?at=2020-01-01T00:00:00Z")
        assert.deepStrictEqual(past.json<{ attacks: unknown }>().attacks, [])
      })
    )
  )

  it.live("says what is wrong with a request", () =>
    trial((app) =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<readonly [string, number, string]> = [
          ["/projections/active-bans?at=yesterday", 400, "TST-API-AT"],
          ["/projections/active-bans?at=2026-13-45T00:00:00Z", 400, "TST-API-AT"],
          ["/projections/active-bans?at=2026-11-22", 400, "TST-API-AT"],
          ["/projections/active-bans?at=9999-01-01T00:00:00Z", 400, "TST-API-AT"],
          ["/projections/reputation?limit=0", 400, "TST-API-LIMIT"],
          ["/projections/reputation?limit=1e3", 400, "TST-API-LIMIT"],
          ["/projections/reputation/Ip/zzz", 400, "TST-API-VALUE"],
          ["/projections/reputation/Ip/192.0.2.0%2F24", 400, "TST-API-VALUE"],
          ["/projections/reputation/Ip/192.0.2.1", 404, "TST-API-UNKNOWN"],
          ["/projections/reputation/__proto__/constructor", 404, "TST-API-UNKNOWN"],
          ["/projections/nothing", 404, "TST-API-NOT-FOUND"]
        ]
        for (const [url, status, code] of cases) {
          const response = yield* get(app, url)
          const body = response.json<{ code: string; message: string }>()
          assert.deepStrictEqual([response.statusCode, body.code], [status, code], url)
          assert.isNotEmpty(body.message)
        }
      })
    )
  )

  it.live("is open to this machine itself, and to others with a key", () =>
    trial((app) =>
      Effect.gen(function* () {
        const key = yield* bouncerHeaders()
        const url = "/projections/active-bans"
        const status = (options: InjectOptions) =>
          get(app, url, options).pipe(Effect.map((response) => response.statusCode))
        const local = { host: "localhost:8080" }
        assert.strictEqual(yield* status({ headers: local }), 200)
        assert.strictEqual(yield* status({ headers: { host: "[::1]:8080" }, remoteAddress: "::1" }), 200)
        assert.strictEqual(yield* status({ headers: local, remoteAddress: "::ffff:127.0.0.1" }), 200)
        for (const forwarded of ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
          assert.strictEqual(yield* status({ headers: { ...local, [forwarded]: "127.0.0.1" } }), 403)
        assert.strictEqual(yield* status({ headers: { host: "attacker.example" } }), 403)
        assert.strictEqual(yield* status({ headers: local, remoteAddress: "192.0.2.1" }), 403)
        assert.strictEqual(yield* status({ headers: { ...local, ...key }, remoteAddress: "192.0.2.1" }), 200)
        assert.strictEqual(
          yield* status({ headers: { ...local, "x-api-key": "wrong" }, remoteAddress: "192.0.2.1" }),
          403
        )
      })
    )
  )
})
