import assert from "node:assert/strict"
import type { Case } from "./case.fixture.ts"
import { MessageTooLarge, readEventStream, type ServerMessage } from "./event-stream.ts"

const encoder = new TextEncoder()

const bodyOf = (chunks: ReadonlyArray<string | Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk)
      controller.close()
    }
  })

const read = async (
  chunks: ReadonlyArray<string | Uint8Array>,
  maxMessageSize = 1_000
): Promise<Array<ServerMessage>> => {
  const messages: Array<ServerMessage> = []
  for await (const message of readEventStream(bodyOf(chunks), { maxMessageSize })) messages.push(message)
  return messages
}

const whole =
  ': hello\r\nid: 7\r\nevent: snapshot\r\ndata: {"a":\r\ndata:1}\r\n\r\n:\r\n\r\ndata: größer €\nid: 8\n\nevent: nothing\n\ndata\n\ndata: cut off'

const expected: ReadonlyArray<ServerMessage> = [
  { event: "snapshot", data: '{"a":\n1}', id: "7" },
  { event: "message", data: "größer €", id: "8" },
  { event: "message", data: "", id: "8" }
]

export const eventStreamCases: ReadonlyArray<Case> = [
  { name: "reads messages, ids and comments", run: async () => assert.deepEqual(await read([whole]), expected) },
  {
    name: "reads the same however the bytes are cut",
    run: async () => {
      const bytes = encoder.encode(whole)
      for (const size of [1, 2, 3, 5, 7, 64]) {
        const chunks: Array<Uint8Array> = []
        for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.slice(start, start + size))
        assert.deepEqual(await read(chunks), expected, `chunks of ${size}`)
      }
    }
  },
  {
    name: "takes a bare carriage return as the end of a line",
    run: async () =>
      assert.deepEqual(await read(["data: a\r\rdata: b\r", "\r"]), [
        { event: "message", data: "a", id: undefined },
        { event: "message", data: "b", id: undefined }
      ])
  },
  {
    name: "an id with a NUL is none",
    run: async () =>
      assert.deepEqual(await read(["id: a\0b\ndata: x\n\n"]), [{ event: "message", data: "x", id: undefined }])
  },
  {
    name: "refuses a message beyond the bound, in one line or in many, but not many heartbeats",
    run: async () => {
      await assert.rejects(read([`data: ${"x".repeat(2_000)}`]), MessageTooLarge)
      await assert.rejects(read(Array.from({ length: 300 }, () => "data: xxxx\n")), MessageTooLarge)
      assert.deepEqual(await read([...Array.from({ length: 300 }, () => ": heartbeat\n"), "data: x\n\n"]), [
        { event: "message", data: "x", id: undefined }
      ])
    }
  },
  {
    name: "tells of every chunk, so that silence can be noticed",
    run: async () => {
      let chunks = 0
      const body = bodyOf([": heartbeat\n\n", ": heartbeat\n\n"])
      for await (const message of readEventStream(body, { maxMessageSize: 20, onBytes: () => chunks++ }))
        assert.fail(message.data)
      assert.equal(chunks, 2)
    }
  }
]
