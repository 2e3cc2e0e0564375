import * as Effect from "effect/Effect"
import { createSocket, type Socket } from "node:dgram"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { Names } from "./names.ts"

/** A name server of the loopback that knows one host, and says nothing about names that begin with `silent`. */
const answer = (query: Buffer): Buffer | undefined => {
  const labels: Array<string> = []
  let at = 12
  for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString("latin1", at + 1, at + 1 + query[at]!))
  const type = query.readUInt16BE(at + 1)
  const name = labels.join(".")
  if (name.startsWith("silent")) return undefined
  const known = new Map([
    ["home.example.org 1", [192, 0, 2, 2, 192, 0, 2, 1]],
    ["home.example.org 28", [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1]]
  ]).get(`${name} ${type}`)
  const length = type === 28 ? 16 : 4
  const records = known === undefined ? [] : Array.from({ length: known.length / length }, (_, index) => index * length)
  const head = Buffer.from(query.subarray(0, at + 5))
  head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  const answers = records.map((from) =>
    Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, length, ...known!.slice(from, from + length)])
  )
  return Buffer.concat([head, ...answers])
}

let server: Socket
let place = ""
beforeAll(async () => {
  server = createSocket("udp4", (query, { port }) => {
    const told = answer(query)
    if (told !== undefined) server.send(told, port)
  })
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve))
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const forward = (host: string) =>
  Effect.runPromise(
    Effect.gen(function* () {
      return yield* (yield* Names).forward(host)
    }).pipe(Effect.provide(Names.layerSystem([place])))
  )

test("a host has its addresses of both families, in order", async () => {
  const addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
  expect(await forward("home.example.org")).toEqual({ host: "home.example.org", addresses, outcome: "answered" })
})

test("that there is no such host is told from no answer", async () => {
  expect(await forward("gone.example.org")).toEqual({ host: "gone.example.org", addresses: [], outcome: "none" })
  expect(await forward("silent.example.org")).toMatchObject({ addresses: [], outcome: "failed" })
})
