import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { activeAt } from "../../projections/active-bans.ts"
import { allowlistReplaced } from "../../projections/example.fixture.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections } from "../projections/projections.ts"
import { adminLayer } from "./admin.ts"
import { Administration } from "./administration.ts"
import { keyHash } from "./bouncer-key.ts"
import { deciding, record, trialServices } from "./trial.fixture.ts"

const active = Effect.gen(function* () {
  const { states } = yield* Projections
  return activeAt(states().activeBans, Date.now()).map(({ value }) => value)
})

const codeOf = (error: object): string => ("code" in error ? String(error.code) : "")

describe("the administration", () => {
  it.live("adds decisions that hold when it answers, with numbers that go on", () =>
    Effect.gen(function* () {
      const administration = yield* Administration
      const decisions = yield* Effect.all(
        ["192.0.2.1", "192.0.2.0/24", "2001:DB8::1", "192.0.2.1"].map((value) => administration.addDecision({ value })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(decisions.map(({ number }) => number).sort(), [1, 2, 3, 4])
      assert.deepStrictEqual([...(yield* active)].sort(), ["192.0.2.0/24", "192.0.2.1", "2001:db8::1"])
    }).pipe(Effect.provide(trialServices, { local: true }))
  )

  it.live("deletes by value, by id and all, tells what still covers the value, and writes nothing twice", () =>
    Effect.gen(function* () {
      const administration = yield* Administration
      for (const value of ["192.0.2.1", "192.0.2.0/24", "198.51.100.1", "198.51.100.2"])
        yield* administration.addDecision({ value })
      assert.deepStrictEqual(yield* administration.deleteDecisions({ value: "192.0.2.1" }), {
        deleted: 1,
        stillCoveredBy: ["192.0.2.0/24"]
      })
      assert.deepStrictEqual(yield* administration.deleteDecisions({ value: "192.0.2.1" }), {
        deleted: 0,
        stillCoveredBy: ["192.0.2.0/24"]
      })
      assert.strictEqual((yield* administration.deleteDecisions({ id: 3 })).deleted, 1)
      assert.deepStrictEqual(yield* active, ["192.0.2.0/24", "198.51.100.2"])
      const [one, two] = yield* Effect.all(
        [administration.deleteDecisions({ all: true }), administration.deleteDecisions({ all: true })],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([one.deleted, two.deleted], [2, 0])
      const store = yield* EventStore
      const retractions = yield* store.readAll({ filter: { types: ["DecisionRetracted"] } })
      assert.strictEqual(retractions.length, 4)
      assert.strictEqual(codeOf(yield* administration.deleteDecisions({}).pipe(Effect.flip)), "TST-ADMIN-DELETE")
    }).pipe(Effect.provide(trialServices, { local: true }))
  )

  it.live("deletes more decisions than fit into one append", () =>
    Effect.gen(function* () {
      yield* record(
        ...Array.from({ length: 450 }, (_, index) =>
          deciding(index + 1, { value: `10.0.${index >> 8}.${index & 255}` })
        )
      )
      const administration = yield* Administration
      assert.strictEqual((yield* administration.deleteDecisions({ all: true })).deleted, 450)
      assert.deepStrictEqual(yield* active, [])
      assert.strictEqual((yield* administration.addDecision({ value: "192.0.2.1" })).number, 451)
    }).pipe(Effect.provide(trialServices, { local: true }))
  )

  it.live("refuses what an allowlist covers and what is no decision", () =>
    Effect.gen(function* () {
      const administration = yield* Administration
      yield* record(allowlistReplaced("machine", ["127.0.0.0/8"], { position: 0 }))
      const refused = Effect.fnUntraced(function* (request: Parameters<typeof administration.addDecision>[0]) {
        return codeOf(yield* administration.addDecision(request).pipe(Effect.flip))
      })
      assert.strictEqual(yield* refused({ value: "127.0.0.1" }), "TST-ADMIN-ALLOWLISTED")
      assert.strictEqual(yield* refused({ value: "0.0.0.0/0" }), "TST-ADMIN-ALLOWLISTED")
      assert.strictEqual(yield* refused({ value: "192.0.2.0/24", scope: "Ip" }), "TST-DECISION-VALUE")
      assert.strictEqual(yield* refused({ value: "192.0.2.1", duration: "soon" }), "TST-DECISION-DURATION")
      assert.deepStrictEqual(yield* active, [])
    }).pipe(Effect.provide(trialServices, { local: true }))
  )

  it.live("keeps only the hash of a bouncer's key", () =>
    Effect.gen(function* () {
      const administration = yield* Administration
      const { key } = yield* administration.addBouncer({ name: "nginx" })
      assert.match(key, /^[A-Za-z0-9+/]{43}$/)
      assert.strictEqual(
        (yield* administration.addBouncer({ name: "own", key: "a-key-of-my-own!" })).key,
        "a-key-of-my-own!"
      )
      const store = yield* EventStore
      const events = JSON.stringify(yield* store.readAll())
      assert.include(events, keyHash(key))
      assert.notInclude(events, key)
      const refused = Effect.fnUntraced(function* (name: string, given?: string) {
        return codeOf(
          yield* administration.addBouncer({ name, ...(given === undefined ? {} : { key: given }) }).pipe(Effect.flip)
        )
      })
      assert.strictEqual(yield* refused("nginx"), "TST-ADMIN-BOUNCER-EXISTS")
      assert.strictEqual(yield* refused("../x"), "TST-ADMIN-BOUNCER-NAME")
      assert.strictEqual(yield* refused("x", "short"), "TST-ADMIN-BOUNCER-KEY")
      yield* administration.deleteBouncer("nginx")
      assert.strictEqual(
        codeOf(yield* administration.deleteBouncer("nginx").pipe(Effect.flip)),
        "TST-ADMIN-BOUNCER-UNKNOWN"
      )
      yield* administration.addBouncer({ name: "nginx" })
    }).pipe(Effect.provide(trialServices, { local: true }))
  )
})

/** An answer over the socket: status and body. */
const ask = (socketPath: string, method: string, path: string, body?: string) =>
  Effect.promise(
    () =>
      new Promise<readonly [number, Record<string, unknown>]>((resolve, reject) => {
        const call = httpRequest({ socketPath, method, path }, (response) => {
          let text = ""
          response.on("data", (piece) => {
            text += piece
          })
          response.on("end", () => resolve([response.statusCode ?? 0, JSON.parse(text) as Record<string, unknown>]))
        })
        call.on("error", reject)
        call.end(body)
      })
  )

const withSocket = <A, E>(use: (path: string) => Effect.Effect<A, E, Layer.Success<typeof trialServices>>) => {
  const directory = mkdtempSync(join(tmpdir(), "admin-"))
  return use(join(directory, "node.sock")).pipe(
    Effect.provide(trialServices, { local: true }),
    Effect.ensuring(Effect.sync(() => rmSync(directory, { recursive: true })))
  )
}

describe("the admin socket", () => {
  it.live("is for its owner only, and does what the administration does", () =>
    withSocket((path) =>
      Effect.gen(function* () {
        assert.strictEqual(statSync(path).mode & 0o777, 0o600)
        const [created, decision] = yield* ask(
          path,
          "POST",
          "/admin/decisions",
          '{"value":"192.0.2.1","duration":"1h"}'
        )
        assert.deepStrictEqual([created, decision["number"], decision["duration"]], [201, 1, "1h"])
        assert.deepStrictEqual(yield* ask(path, "DELETE", "/admin/decisions?value=192.0.2.1"), [
          200,
          { deleted: 1, stillCoveredBy: [] }
        ])
        assert.deepStrictEqual(yield* ask(path, "DELETE", "/admin/decisions?id=99"), [
          200,
          { deleted: 0, stillCoveredBy: [] }
        ])
        const [, bouncer] = yield* ask(path, "POST", "/admin/bouncers", '{"name":"nginx"}')
        assert.deepStrictEqual([bouncer["name"], typeof bouncer["key"]], ["nginx", "string"])
        assert.deepStrictEqual(yield* ask(path, "DELETE", "/admin/bouncers/nginx"), [200, { name: "nginx" }])
        const bad: ReadonlyArray<readonly [string, string, string | undefined, number, string]> = [
          ["POST", "/admin/decisions", "{", 400, "TST-ADMIN-BODY"],
          ["POST", "/admin/decisions", undefined, 400, "TST-ADMIN-BODY"],
          ["POST", "/admin/decisions", '{"value":5}', 400, "TST-ADMIN-BODY"],
          ["POST", "/admin/decisions", '{"value":"192.0.2.0/24","scope":"ip"}', 400, "TST-DECISION-VALUE"],
          ["POST", "/admin/bouncers", '{"name":"a b"}', 400, "TST-ADMIN-BOUNCER-NAME"],
          ["DELETE", "/admin/decisions", undefined, 400, "TST-ADMIN-DELETE"],
          ["DELETE", "/admin/decisions?value=a&all=true", undefined, 400, "TST-ADMIN-DELETE"],
          ["DELETE", "/admin/bouncers/none", undefined, 404, "TST-ADMIN-BOUNCER-UNKNOWN"],
          ["GET", "/admin/decisions", undefined, 405, "TST-API-METHOD"]
        ]
        for (const [method, url, body, status, code] of bad) {
          const [got, answer] = yield* ask(path, method, url, body)
          assert.deepStrictEqual([got, answer["code"]], [status, code], `${method} ${url} ${body}`)
        }
      }).pipe(Effect.provide(adminLayer({ path }), { local: true }))
    )
  )

  it.live("takes the place of a socket that nobody answers, not of one in use", () =>
    withSocket((path) =>
      Effect.gen(function* () {
        // What a killed process leaves behind: the file of a socket that nobody listens on.
        const { spawnSync } = yield* Effect.promise(() => import("node:child_process"))
        const leave = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
        spawnSync(process.execPath, ["-e", leave])
        assert.isTrue(statSync(path).isSocket())
        yield* Effect.gen(function* () {
          assert.strictEqual((yield* ask(path, "DELETE", "/admin/decisions?all=true"))[0], 200)
          const error = yield* Layer.build(adminLayer({ path })).pipe(Effect.flip)
          assert.strictEqual(error.code, "TST-ADMIN-SOCKET")
          assert.include(error.message, "in use")
        }).pipe(Effect.provide(adminLayer({ path }), { local: true }), Effect.scoped)
        const error = yield* Layer.build(adminLayer({ path: `${path}${"x".repeat(200)}` })).pipe(Effect.flip)
        assert.include(error.message, "shorter path")
      }).pipe(Effect.scoped)
    )
  )
})
