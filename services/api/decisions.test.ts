import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { FastifyInstance, InjectOptions } from "fastify"
import { type AddressInfo, connect } from "node:net"
import { allowlistReplaced, decisionRetracted } from "../../projections/example.fixture.ts"
import { Administration } from "./administration.ts"
import { httpServer } from "./http.ts"
import { bouncerHeaders, deciding, record, trial } from "./trial.fixture.ts"

const call = (app: FastifyInstance, options: InjectOptions) => Effect.promise(() => app.inject(options))

const get = (app: FastifyInstance, url: string, headers: Record<string, string> = {}, rest: InjectOptions = {}) =>
  call(app, { ...rest, method: "GET", url, headers })

type Items = ReadonlyArray<{ readonly id: number; readonly value: string; readonly duration: string }>

const ids = (list: Items): ReadonlyArray<number> => list.map(({ id }) => id)

/** Ids of the stream's two lists. */
const pull = Effect.fnUntraced(function* (
  app: FastifyInstance,
  query: string,
  headers: Record<string, string>,
  rest: InjectOptions = {}
) {
  const response = yield* get(app, `/v1/decisions/stream${query}`, headers, rest)
  assert.strictEqual(response.statusCode, 200)
  const body = response.json<{ new: Items; deleted: Items }>()
  return [ids(body.new), ids(body.deleted)]
})

describe("/health", () => {
  it.live("answers without a key", () =>
    trial((app) =>
      Effect.gen(function* () {
        for (const url of ["/health", "/health/"]) {
          const response = yield* get(app, url)
          assert.strictEqual(response.statusCode, 200)
          assert.strictEqual(response.body, '{"status":"up"}')
        }
      })
    )
  )
})

describe("/v1/decisions", () => {
  it.live("answers a miss with the four bytes null, and a hit in CrowdSec's form", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        const miss = yield* get(app, "/v1/decisions?ip=9.9.9.9", headers)
        assert.strictEqual(miss.statusCode, 200)
        assert.strictEqual(miss.body, "null")
        assert.match(String(miss.headers["content-type"]), /^application\/json/)
        yield* record(deciding(3, {}, 14_400))
        const hit = yield* get(app, "/v1/decisions/?ip=203.0.113.7", headers)
        assert.match(
          hit.body,
          /^\[\{"duration":"(4h0m0s|3h59m\d+s)","id":3,"origin":"crowdsec","scenario":"crowdsecurity\/ssh-bf","scope":"Ip","type":"ban","value":"203.0.113.7"\}\]$/
        )
        assert.isUndefined(hit.headers["content-encoding"])
      })
    )
  )

  it.live("finds by containment, within one family, both ways", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(
          deciding(1, { scope: "Range", value: "203.0.113.0/24" }),
          deciding(2, { value: "203.0.113.7" }),
          deciding(3, { scope: "Range", value: "2001:db8::/32" }),
          deciding(4, { scope: "Range", value: "0.0.0.0/0" }),
          deciding(5, { scope: "Country", value: "FR" })
        )
        const found = Effect.fnUntraced(function* (query: string) {
          const response = yield* get(app, `/v1/decisions?${query}`, headers)
          return [...ids(response.json<Items | null>() ?? [])].sort()
        })
        assert.deepStrictEqual(yield* found("ip=203.0.113.7"), [1, 2, 4])
        assert.deepStrictEqual(yield* found("ip=::ffff:203.0.113.7"), [1, 2, 4])
        assert.deepStrictEqual(yield* found("range=203.0.113.0/25"), [1, 4])
        assert.deepStrictEqual(yield* found("range=203.0.113.0/24&contains=false"), [1, 2])
        assert.deepStrictEqual(yield* found("ip=2001:db8::5"), [3])
        assert.deepStrictEqual(yield* found("scope=Country&value=FR"), [5])
        assert.deepStrictEqual(yield* found("scopes=RANGE,country"), [1, 3, 4, 5])
        assert.deepStrictEqual(yield* found("scope=ip,range"), [1, 2, 3, 4])
        assert.deepStrictEqual(yield* found("unknown=1&community_pull=false&additional_pull=false&scope=ip"), [2])
        assert.deepStrictEqual(yield* found("scope=ip&scope=country"), [2])
      })
    )
  )

  it.live("answers a bad address as CrowdSec does", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(deciding(1))
        // An empty one too: a proxy that does not know its visitor must not be told that somebody is banned.
        for (const path of ["/v1/decisions", "/v1/decisions/stream"])
          for (const [name, text] of ["ip", "range"].flatMap((name) => [[name, "zzz"] as const, [name, ""] as const])) {
            const response = yield* get(app, `${path}?${name}=${text}`, headers)
            assert.strictEqual(response.statusCode, 500)
            assert.strictEqual(
              response.body,
              `{"message":"unable to convert '${text}' to int: invalid address: invalid ip address / range"}`
            )
          }
      })
    )
  )

  it.live("filters by type, origin, scenario and simulation, and pages by id", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(
          deciding(1, { type: "captcha" }, 7_200),
          deciding(2, { scenario: "crowdsecurity/http-probing" }, 60),
          deciding(3, { origin: "lists", scenario: "tor" }, 600),
          deciding(4, { simulated: true })
        )
        const found = Effect.fnUntraced(function* (query: string) {
          return ids((yield* get(app, `/v1/decisions?${query}`, headers)).json<Items | null>() ?? [])
        })
        // The ban that lasts longest comes first, as some read the first element only.
        assert.deepStrictEqual(yield* found(""), [3, 2, 1])
        assert.deepStrictEqual(yield* found("simulated=true"), [4, 3, 2, 1])
        assert.deepStrictEqual(yield* found("type=captcha"), [1])
        assert.deepStrictEqual(yield* found("type=Captcha"), [])
        assert.deepStrictEqual(yield* found("origins=lists,CAPI"), [3])
        assert.deepStrictEqual(yield* found("scenarios_containing=PROBING,tor"), [3, 2])
        assert.deepStrictEqual(yield* found("scenarios_not_containing=ssh,tor"), [2])
        for (const nothing of ["value=", "type=", "scope=Ip&value="])
          assert.deepStrictEqual(yield* found(nothing), [], nothing)
        for (const everything of ["scopes=", "origins=,", "scenarios_containing=,", "scenarios_not_containing="])
          assert.deepStrictEqual(yield* found(everything), [3, 2, 1], everything)
        assert.deepStrictEqual(yield* found("origins=lists,%20CAPI&simulated=True"), [3])
        assert.deepStrictEqual(yield* found("ip=203.0.113.0/24&contains=False&simulated=1"), [4, 3, 2, 1])
        assert.deepStrictEqual(yield* found("limit=2"), [1, 2])
        assert.deepStrictEqual(yield* found("limit=1&offset=1"), [2])
        assert.deepStrictEqual(yield* found("id_gt=1&limit=0"), [2, 3])
        assert.deepStrictEqual(yield* found("limit=-1&offset=x"), [3, 2, 1])
        assert.deepStrictEqual(yield* found("__proto__=1&constructor=2&toString=3"), [3, 2, 1])
      })
    )
  )

  it.live("leaves out what is over, lifted or allowlisted", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        const lifted = deciding(2, { value: "192.0.2.2" })
        yield* record(
          deciding(1, { value: "192.0.2.1" }, -1),
          lifted,
          deciding(3, { value: "192.0.2.3" }),
          decisionRetracted(lifted, { position: 4, recordedAt: Date.now() }),
          allowlistReplaced("configuration", ["192.0.2.3"], { position: 5 })
        )
        assert.strictEqual((yield* get(app, "/v1/decisions", headers)).body, "null")
        yield* record(allowlistReplaced("configuration", [], { position: 6 }))
        assert.deepStrictEqual(ids((yield* get(app, "/v1/decisions", headers)).json()), [3])
      })
    )
  )
})

describe("API keys", () => {
  it.live("answers 403 with a message without a key, with a wrong one and after the bouncer is deleted", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        const wrong = [
          {},
          { "x-api-key": "" },
          { "x-api-key": "x".repeat(5_000) },
          { "x-api-key": `${headers["x-api-key"]}x` }
        ]
        for (const url of ["/v1/decisions", "/v1/decisions/stream?startup=true", "/projections/active-bans/stream"])
          for (const given of wrong) {
            const response = yield* get(app, url, given as Record<string, string>)
            assert.strictEqual(response.statusCode, 403)
            assert.strictEqual(response.json<{ message: string }>().message, "access forbidden")
          }
        assert.strictEqual((yield* get(app, "/v1/decisions", {})).body, '{"message":"access forbidden"}')
        assert.strictEqual((yield* get(app, "/v1/decisions", { "X-API-KEY": headers["x-api-key"] })).statusCode, 200)
        yield* (yield* Administration).deleteBouncer("nginx")
        assert.strictEqual((yield* get(app, "/v1/decisions", headers)).statusCode, 403)
      })
    )
  )

  it.live("takes any user agent", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        for (const agent of ["", "crowdsec-nginx-bouncer/v1.1.3", "a/b/c", "ü"]) {
          const response = yield* get(app, "/v1/decisions", { ...headers, "user-agent": agent })
          assert.strictEqual(response.statusCode, 200)
        }
      })
    )
  )
})

describe("/v1/decisions/stream", () => {
  it.live("gives everything at startup, then what changed, per key and address", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(deciding(1, { value: "192.0.2.1" }), deciding(2, { value: "192.0.2.2" }, -60))
        const empty = yield* get(app, "/v1/decisions/stream?scenarios_containing=none", headers)
        assert.strictEqual(empty.body, '{"new":[],"deleted":[]}')
        assert.match(String(empty.headers["content-type"]), /^application\/json/)
        for (const truth of ["true", "True", "1"])
          assert.deepStrictEqual(yield* pull(app, `?startup=${truth}`, headers), [[1], [2]])
        assert.deepStrictEqual(yield* pull(app, "", headers), [[], []])
        const second = deciding(3, { value: "192.0.2.3" })
        yield* record(second)
        assert.deepStrictEqual(yield* pull(app, "?", headers), [[3], []])
        assert.deepStrictEqual(yield* pull(app, "?startup=false", headers), [[], []])
        yield* record(decisionRetracted(second, { position: 9, recordedAt: Date.now() }))
        assert.deepStrictEqual(yield* pull(app, "?startup=false", headers), [[], [3]])
        // Another host with the same key has its own deltas, and its first is like a startup.
        assert.deepStrictEqual(yield* pull(app, "", headers, { remoteAddress: "192.0.2.99" }), [[1], [2, 3]])
        // So has another bouncer on the same host.
        const other = { ...headers, "user-agent": "crowdsec-custom-bouncer/v1" }
        assert.deepStrictEqual(yield* pull(app, "", other), [[1], [2, 3]])
        assert.deepStrictEqual(yield* pull(app, "", other), [[], []])
        assert.deepStrictEqual(yield* pull(app, "", headers), [[], []])
      })
    )
  )

  it.live("believes X-Forwarded-For only of trusted proxies", () =>
    Effect.gen(function* () {
      const deltas = (trusted: ReadonlyArray<string>) =>
        trial(
          (app) =>
            Effect.gen(function* () {
              const headers = yield* bouncerHeaders()
              yield* record(deciding(1))
              yield* pull(app, "", { ...headers, "x-forwarded-for": "198.51.100.1" })
              return yield* pull(app, "", { ...headers, "x-forwarded-for": "198.51.100.2" })
            }),
          trusted
        )
      assert.deepStrictEqual(yield* deltas([]), [[], []])
      assert.deepStrictEqual(yield* deltas(["127.0.0.1"]), [[1], []])
    })
  )

  it.live("does not advance for HEAD", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        for (const url of ["/v1/decisions/stream", "/v1/decisions"]) {
          const good = yield* call(app, { method: "HEAD", url, headers })
          assert.deepStrictEqual([good.statusCode, good.body], [200, ""])
          assert.strictEqual((yield* call(app, { method: "HEAD", url })).statusCode, 403)
        }
        yield* pull(app, "?startup=true", headers)
        yield* record(deciding(1))
        yield* call(app, { method: "HEAD", url: "/v1/decisions/stream", headers })
        assert.deepStrictEqual(yield* pull(app, "", headers), [[1], []])
      })
    )
  )

  it.live(
    "asks for addresses and ranges by default, whatever scope says, and filters before it leaves out doubles",
    () =>
      trial((app) =>
        Effect.gen(function* () {
          const headers = yield* bouncerHeaders()
          yield* record(
            deciding(1, { scope: "Country", value: "FR" }),
            deciding(2, { origin: "crowdsec" }, 60),
            deciding(3, { origin: "CAPI" }, 6_000),
            deciding(4, { scope: "Range", value: "198.51.100.0/24" }),
            deciding(5, { value: "192.0.2.5", simulated: true })
          )
          assert.deepStrictEqual(yield* pull(app, "?startup=true", headers), [[3, 4], []])
          assert.deepStrictEqual(yield* pull(app, "?startup=true&scope=ip,range", headers), [[3, 4], []])
          assert.deepStrictEqual(yield* pull(app, "?startup=true&scope=Country", headers), [[], []])
          assert.deepStrictEqual(yield* pull(app, "?startup=true&scopes=ip,country", headers), [[1, 3], []])
          assert.deepStrictEqual(yield* pull(app, "?startup=true&origins=crowdsec", headers), [[2, 4], []])
          const noise = "?additional_pull=false&community_pull=false&startup=true"
          assert.deepStrictEqual(yield* pull(app, noise, headers), [[3, 4], []])
        })
      )
  )

  it.live("does not say that a value is gone while another decision on it holds, and repeats what was told", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        const long = deciding(2, {}, 6_000)
        yield* record(deciding(1, {}, 60), long)
        assert.deepStrictEqual(yield* pull(app, "?startup=true", headers), [[2], []])
        yield* record(decisionRetracted(long, { position: 3, recordedAt: Date.now() }))
        assert.deepStrictEqual(yield* pull(app, "", headers), [[1], []])
        yield* (yield* Administration).deleteDecisions({ all: true })
        const { deleted } = (yield* get(app, "/v1/decisions/stream", headers)).json<{
          deleted: ReadonlyArray<Record<string, unknown>>
        }>()
        assert.strictEqual(deleted.length, 1)
        const { duration, uuid, ...rest } = deleted[0]!
        assert.deepStrictEqual(rest, {
          id: 1,
          origin: "crowdsec",
          scenario: "crowdsecurity/ssh-bf",
          scope: "Ip",
          type: "ban",
          value: "203.0.113.7"
        })
        assert.match(String(duration), /^(0s|-\d+s)$/)
        assert.match(String(uuid), /^[0-9a-f-]{36}$/)
      })
    )
  )

  it.live("sends whole seconds, at least one", () =>
    trial((app) =>
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(deciding(1, { value: "192.0.2.1" }, 0.4), deciding(2, { value: "192.0.2.2" }, 90_000))
        const body = (yield* get(app, "/v1/decisions/stream?startup=true", headers)).json<{ new: Items }>()
        assert.deepStrictEqual(
          body.new.map(({ duration }) => duration),
          ["1s", body.new[1]!.duration]
        )
        assert.match(body.new[1]!.duration, /^(25h0m0s|24h59m\d+s)$/)
      })
    )
  )
})

describe("the HTTP server", () => {
  it.live("answers every error with JSON that has a message", () =>
    trial((app) =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<readonly [number, InjectOptions]> = [
          [404, { method: "GET", url: "/v1/nothing" }],
          [404, { method: "GET", url: "/" }],
          [404, { method: "POST", url: "/v1/usage-metrics", payload: '{"log_processors":null}\n' }],
          [404, { method: "DELETE", url: "/v1/alerts", headers: { "content-type": "application/json" } }],
          [404, { method: "POST", url: "/v1/usage-metrics", headers: { "content-type": "text/odd" }, payload: "{" }],
          [405, { method: "POST", url: "/v1/decisions" }],
          [405, { method: "PUT", url: "/health/" }],
          [405, { method: "DELETE", url: "/projections/reputation/Ip/192.0.2.1" }],
          [413, { method: "POST", url: "/v1/decisions", payload: "x".repeat(2_000_000) }],
          [400, { method: "GET", url: "/v1/%zz" }]
        ]
        for (const [status, options] of cases) {
          const response = yield* call(app, options)
          const shown = `${options.method} ${String(options.url)}`
          assert.strictEqual(response.statusCode, status, shown)
          assert.isString(response.json<{ message: string }>().message, shown)
          assert.isUndefined(response.json<{ errors?: unknown }>().errors, shown)
        }
      })
    )
  )

  it.live("keeps connections open for longer than Go's clients do", () =>
    trial((app) =>
      Effect.sync(() => {
        assert.isAbove(app.server.keepAliveTimeout, 120_000 - 1)
      })
    )
  )

  it.live("does not wait for long for a connection that says nothing, and has a bound of how many there are", () =>
    trial((app) =>
      Effect.sync(() => {
        assert.isAtMost(app.server.headersTimeout, 20_000)
        assert.isAtMost(app.server.requestTimeout, 30_000)
        assert.isAtMost(app.server.maxConnections, 2_500)
      })
    )
  )

  it.live("closes connections beyond that bound, and serves those within", () =>
    Effect.gen(function* () {
      const app = httpServer({ bodyLimit: 1_000, connections: 2, onDefect: () => undefined })
      app.get("/", (_request, reply) => reply.send("here"))
      yield* Effect.acquireRelease(
        Effect.promise(() => app.listen({ host: "127.0.0.1", port: 0 })),
        () => Effect.promise(() => app.close())
      )
      const { port } = app.server.address() as AddressInfo
      const open = () => {
        const socket = connect(port, "127.0.0.1").on("error", () => undefined)
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return new Promise<string>((resolve) => {
          socket.on("data", (data) => resolve(String(data).slice(0, 12)))
          socket.on("close", () => resolve("closed"))
        })
      }
      const answers = [yield* Effect.promise(open), yield* Effect.promise(open), yield* Effect.promise(open)]
      assert.deepStrictEqual(answers, ["HTTP/1.1 200", "HTTP/1.1 200", "closed"])
    }).pipe(Effect.scoped)
  )
})
