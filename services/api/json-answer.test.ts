import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type AddressInfo, connect } from "node:net"
import { httpServer } from "./http.ts"
import { sendJson } from "./json-answer.ts"

/** A server that answers with a list of so many items, and what became of the list. */
const serving = Effect.fnUntraced(function* (items: number) {
  const app = httpServer({ bodyLimit: 1_000, onDefect: () => undefined })
  const list = { written: 0, over: Promise.withResolvers<void>() }
  function* written(): Iterable<string> {
    try {
      for (; list.written < items; list.written += 1) yield "0123456789".repeat(10)
    } finally {
      list.over.resolve()
    }
  }
  app.get("/list", (_request, reply) => sendJson(reply, { list: written() }))
  yield* Effect.acquireRelease(
    Effect.promise(() => app.listen({ host: "127.0.0.1", port: 0 })),
    () => Effect.promise(() => app.close())
  )
  return { list, port: (app.server.address() as AddressInfo).port }
})

it.live("sends a short answer whole, a long one in pieces, the same text", () =>
  Effect.gen(function* () {
    for (const items of [0, 3, 700, 2_000, 20_000]) {
      const { port } = yield* serving(items)
      const response = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/list`))
      const expected = JSON.stringify({ list: Array.from({ length: items }, () => "0123456789".repeat(10)) })
      assert.strictEqual(yield* Effect.promise(() => response.text()), expected)
      assert.strictEqual(response.headers.get("content-length"), items < 2_500 ? String(expected.length) : null)
      assert.match(String(response.headers.get("content-type")), /^application\/json/)
    }
  }).pipe(Effect.scoped)
)

it.live("does not make what nobody takes, and gives up when the client does", () =>
  Effect.gen(function* () {
    const { list, port } = yield* serving(1_000_000)
    const socket = connect(port, "127.0.0.1")
    socket.write("GET /list HTTP/1.1\r\nHost: x\r\n\r\n")
    socket.once("data", () => socket.destroy())
    yield* Effect.promise(() => list.over.promise)
    assert.isBelow(list.written, 500_000)
  }).pipe(Effect.scoped)
)
