/**
 * JSON that may be of any length, as an answer. A short one goes out whole. Of a long one only what the client is about to
 * take is made, so that many bouncers, and slow ones, cost little memory; and whoever else waits gets a turn in between.
 */
import type { FastifyReply } from "fastify"
import { Readable } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { gathered } from "../projections/iterable-json.ts"
import { jsonPieces } from "./json-pieces.ts"

/**
 * What is shorter goes out whole, anything else in pieces of so many characters: few turns are needed beside an engine that
 * takes long ones, and little waits for a bouncer that does not read.
 */
export const pieceLength = 262_144

async function* inTurns(first: string, others: Iterable<string>): AsyncIterable<string> {
  yield first
  for (const piece of others) {
    await turn()
    yield piece
  }
}

/** Lists in `body` may be any iterables; their items are asked for when it is their turn. */
export const sendJson = (reply: FastifyReply, body: unknown): FastifyReply => {
  const pieces = gathered(jsonPieces(body), pieceLength)
  const first: string = pieces.next().value ?? ""
  reply.header("content-type", "application/json; charset=utf-8")
  return reply.send(first.length < pieceLength ? first : Readable.from(inTurns(first, pieces), { highWaterMark: 1 }))
}

/** Items that are made when it is their turn. */
export function* lazily<A, B>(items: Iterable<A>, make: (item: A) => B): Iterable<B> {
  for (const item of items) yield make(item)
}
