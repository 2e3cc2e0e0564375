import assert from "node:assert/strict"
import { BanSet } from "./ban-set.ts"
import type { Case } from "./case.fixture.ts"
import { BanSync, type SyncOptions } from "./sync.ts"
import { verdict } from "./verdict.ts"

const encoder = new TextEncoder()
const later = "2999-01-01T00:00:00Z"

const ban = (id: number, value: string) => ({ id, scope: "Ip", value, type: "ban", until: later })

const message = (event: string, position: number, body: object): string =>
  `event: ${event}\nid: ${position}\ndata: ${JSON.stringify({ position, ...body })}\n\n`

interface Asked {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** A push stream that stays open until the reader leaves, or `end` closes it. */
const stream = (text: string, options: { readonly end?: boolean; readonly signal: AbortSignal }): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(encoder.encode(text))
        if (options.end === true) controller.close()
        else options.signal.addEventListener("abort", () => controller.error(options.signal.reason))
      }
    }),
    { headers: { "content-type": "text/event-stream" } }
  )

const json = (body: unknown, status = 200): Response => Response.json(body, { status })

type Answer = (asked: Asked, signal: AbortSignal) => Response

/** Runs a sync against scripted answers, the last of which is repeated, until a condition holds. */
const play = async (
  answers: ReadonlyArray<Answer>,
  until: (state: { readonly set: BanSet; readonly sync: BanSync; readonly asked: ReadonlyArray<Asked> }) => boolean,
  options: Partial<SyncOptions> = {}
) => {
  const set = new BanSet()
  const asked: Array<Asked> = []
  const reports: Array<string> = []
  const sync = new BanSync({
    url: "http://api.test",
    key: "secret",
    userAgent: "test/1",
    set,
    report: (line) => reports.push(line),
    random: () => 0,
    longestBackOffMs: 40,
    refusedMs: 40,
    pollMs: 10,
    fetch: async (url, init) => {
      const request = { path: url.slice("http://api.test".length), headers: init.headers as Record<string, string> }
      asked.push(request)
      return answers[Math.min(asked.length, answers.length) - 1]!(request, init.signal as AbortSignal)
    },
    ...options
  })
  const stop = new AbortController()
  const running = sync.run(stop.signal)
  const deadline = Date.now() + 5_000
  while (!until({ set, sync, asked })) {
    assert.ok(Date.now() < deadline, `nothing came of it: ${JSON.stringify({ asked, reports, status: sync.status })}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const status = sync.status
  stop.abort()
  await running
  return { set, asked, reports, status }
}

const bans = (set: BanSet, ...addresses: ReadonlyArray<string>): ReadonlyArray<boolean> =>
  addresses.map((address) => typeof verdict(set, address, Date.now()) === "object")

const failing: Answer = () => {
  throw new TypeError("fetch failed", { cause: new Error("connection refused") })
}

const snapshot = message("snapshot", 5, {
  bans: [ban(1, "192.0.2.1"), ban(2, "192.0.2.2")],
  allowlist: [{ value: "203.0.113.7", comment: "office" }]
})

const path = "/projections/active-bans/stream"

export const syncCases: ReadonlyArray<Case> = [
  {
    name: "takes a snapshot and the changes after it",
    run: async () => {
      const changes = message("changes", 9, {
        added: [ban(3, "192.0.2.3"), ban(4, "203.0.113.7")],
        removed: [{ id: 1, scope: "Ip", value: "192.0.2.1", type: "ban" }]
      })
      const { set, asked, status, reports } = await play(
        [(_, signal) => stream(`: hello\n\n${snapshot}event: surprise\ndata: 1\n\n${changes}`, { signal })],
        ({ sync }) => sync.status.position === "9"
      )
      assert.deepEqual(bans(set, "192.0.2.1", "192.0.2.2", "192.0.2.3", "203.0.113.7"), [false, true, true, false])
      assert.deepEqual(
        asked.map((request) => request.path),
        [path]
      )
      assert.equal(asked[0]!.headers["X-Api-Key"], "secret")
      assert.equal(asked[0]!.headers["Last-Event-ID"], undefined)
      assert.deepEqual(
        { mode: status.mode, connected: status.connected, problem: status.problem },
        {
          mode: "stream",
          connected: true,
          problem: undefined
        }
      )
      assert.equal(reports.length, 1)
    }
  },
  {
    name: "changes of the allowlist count at once",
    run: async () => {
      const changes = message("changes", 6, {
        added: [],
        removed: [],
        allowlist: [{ value: "192.0.2.0/31", comment: "" }]
      })
      const { set } = await play(
        [(_, signal) => stream(snapshot + changes, { signal })],
        ({ sync }) => sync.status.position === "6"
      )
      assert.deepEqual(bans(set, "192.0.2.1", "192.0.2.2"), [false, true])
    }
  },
  {
    name: "goes on where it was when the stream breaks",
    run: async () => {
      const { set, asked, reports } = await play(
        [
          (_, signal) => stream(snapshot, { signal, end: true }),
          failing,
          () => json({ message: "starting" }, 503),
          (_, signal) => stream(message("changes", 8, { added: [ban(3, "192.0.2.3")], removed: [] }), { signal })
        ],
        ({ sync }) => sync.status.position === "8"
      )
      assert.deepEqual(bans(set, "192.0.2.1", "192.0.2.3"), [true, true])
      assert.deepEqual(
        asked.map((request) => request.headers["Last-Event-ID"]),
        [undefined, "5", "5", "5"]
      )
      assert.match(reports.join("\n"), /closed the stream; keeping 2 decisions.*TST-BOUNCER-API/)
      assert.match(reports.join("\n"), /connection refused/)
      assert.match(reports.at(-1)!, /in step with/)
    }
  },
  {
    name: "takes silence for death, and a heartbeat for life",
    run: async () => {
      const { asked, reports } = await play(
        [(_, signal) => stream(snapshot, { signal })],
        ({ asked }) => asked.length === 2,
        { silenceMs: 60 }
      )
      assert.equal(asked[1]!.headers["Last-Event-ID"], "5")
      assert.match(reports.join("\n"), /silent/)

      const beating: Answer = (_, signal) =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(encoder.encode(snapshot))
              let beats = 0
              const timer = setInterval(() => {
                beats += 1
                if (beats > 30) controller.enqueue(encoder.encode(message("changes", 7, { added: [], removed: [] })))
                else controller.enqueue(encoder.encode(": heartbeat\n\n"))
              }, 10)
              signal.addEventListener("abort", () => {
                clearInterval(timer)
                controller.error(signal.reason)
              })
            }
          }),
          { headers: { "content-type": "text/event-stream" } }
        )
      const alive = await play([beating], ({ sync }) => sync.status.position === "7", { silenceMs: 200 })
      assert.equal(alive.asked.length, 1)
    }
  },
  {
    name: "a stream that does not even answer is given up",
    run: async () => {
      const mute: SyncOptions["fetch"] = (_, init) =>
        new Promise((_, reject) => init.signal!.addEventListener("abort", () => reject(init.signal!.reason)))
      let tries = 0
      const { reports } = await play([], () => tries >= 2, {
        silenceMs: 40,
        fetch: (url, init) => {
          tries += 1
          return mute(url, init)
        }
      })
      assert.match(reports[0]!, /silent/)
    }
  },
  {
    name: "a wrong key is named once, and what is there is kept",
    run: async () => {
      const { set, reports, status } = await play(
        [(_, signal) => stream(snapshot, { signal, end: true }), () => json({ message: "access forbidden" }, 403)],
        ({ asked }) => asked.length === 5
      )
      assert.deepEqual(bans(set, "192.0.2.1"), [true])
      assert.equal(reports.filter((line) => line.includes("TST-BOUNCER-KEY")).length, 1)
      assert.match(status.problem!, /refuses the key/)
      assert.equal(status.connected, false)
      assert.ok(!reports.join("").includes("secret"))
    }
  },
  {
    name: "a lost message means a new snapshot",
    run: async () => {
      const broken = [
        'event: changes\nid: 6\ndata: {"added": [\n\n',
        "event: changes\nid: 6\ndata: []\n\n",
        'event: snapshot\nid: 6\ndata: {"bans": null}\n\n',
        `event: changes\nid: 6\ndata: ${"x".repeat(3_000)}\n\n`
      ]
      for (const text of broken) {
        const { set, asked } = await play(
          [(_, signal) => stream(snapshot + text, { signal })],
          ({ asked }) => asked.length === 2,
          { maxMessageSize: 2_000 }
        )
        assert.equal(asked[1]!.headers["Last-Event-ID"], undefined, text.slice(0, 40))
        assert.deepEqual(bans(set, "192.0.2.1"), [true])
      }
    }
  },
  {
    name: "changes before any snapshot are no state",
    run: async () => {
      const { set, reports } = await play(
        [(_, signal) => stream(message("changes", 8, { added: [ban(3, "192.0.2.3")] }), { signal })],
        ({ asked }) => asked.length === 2
      )
      assert.equal(set.synced, false)
      assert.match(reports[0]!, /before a snapshot/)
    }
  },
  {
    name: "something else than the API is told apart",
    run: async () => {
      const page: Answer = () => new Response("<html>", { headers: { "content-type": "text/html" } })
      const { set, reports } = await play([page], ({ asked }) => asked.length === 3)
      assert.equal(set.synced, false)
      assert.match(reports[0]!, /text\/html.*is it the API\?/)
      const redirect: Answer = () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test" } })
      assert.match((await play([redirect], ({ asked }) => asked.length === 2)).reports[0]!, /answered 302/)
    }
  },
  {
    name: "malformed entries and too many are told once",
    run: async () => {
      const text = message("snapshot", 1, { bans: [{}, ban(1, "192.0.2.1"), ban(2, "192.0.2.2")], allowlist: [] })
      const set = new BanSet(1)
      const { reports } = await play([(_, signal) => stream(text + text, { signal })], () => set.synced, { set })
      assert.match(reports.join("\n"), /1 entries.*TST-BOUNCER-ENTRY/)
      assert.match(reports.join("\n"), /TST-BOUNCER-FULL/)
    }
  },
  {
    name: "polls where there is no push stream, as CrowdSec's own API",
    run: async () => {
      const none: Answer = () => json({ message: "Page or Method not found" }, 404)
      const decision = (id: number, value: string, duration: string) => ({
        duration,
        id,
        origin: "cscli",
        scenario: "manual",
        scope: "Ip",
        type: "ban",
        value
      })
      const { set, asked, status } = await play(
        [
          none,
          () => json({ new: [decision(1, "192.0.2.1", "3h59m52.5s"), decision(2, "192.0.2.2", "1h")], deleted: null }),
          () => json({ new: null, deleted: [decision(77, "192.0.2.1", "-5s")] }),
          () => json({ new: [decision(3, "192.0.2.2", "4h")], deleted: [decision(2, "192.0.2.2", "-1s")] }),
          failing,
          none,
          () =>
            json({
              new: [decision(9, "192.0.2.9", "500ms"), decision(4, "192.0.2.4", "2h"), decision(5, "192.0.2.5", "soon")]
            }),
          () => json({ new: null, deleted: null })
        ],
        ({ asked }) => asked.length === 8
      )
      assert.deepEqual(
        asked.map((request) => request.path),
        [
          path,
          "/v1/decisions/stream?startup=true",
          "/v1/decisions/stream?startup=false",
          "/v1/decisions/stream?startup=false",
          "/v1/decisions/stream?startup=false",
          path,
          "/v1/decisions/stream?startup=true",
          "/v1/decisions/stream?startup=false"
        ]
      )
      assert.equal(status.mode, "poll")
      assert.deepEqual(bans(set, "192.0.2.1", "192.0.2.2", "192.0.2.4", "192.0.2.5"), [false, false, true, false])
    }
  },
  {
    name: "a poll deletes before it adds",
    run: async () => {
      const one = {
        duration: "1h",
        id: 1,
        origin: "cscli",
        scenario: "manual",
        scope: "Ip",
        type: "ban",
        value: "192.0.2.1"
      }
      const { set } = await play(
        [
          () => json({}, 404),
          () => json({ new: [one], deleted: [] }),
          () => json({ new: [{ ...one, id: 2 }], deleted: [one] }),
          () => json({ new: null, deleted: null })
        ],
        ({ asked }) => asked.length === 4
      )
      assert.deepEqual(bans(set, "192.0.2.1"), [true])
    }
  },
  {
    name: "stops at once when told",
    run: async () => {
      const started = Date.now()
      await play([failing], ({ asked }) => asked.length === 1, { longestBackOffMs: 60_000, random: () => 1 })
      await play([() => json({}, 403)], ({ asked }) => asked.length === 1, { refusedMs: 60_000 })
      assert.ok(Date.now() - started < 2_000)
    }
  }
]
