/** Answers that are no success: always JSON with a `message`, because old bouncers die of anything else. */
import type { FastifyReply } from "fastify"

/** `code` is left out where the wire has none. */
export const fail = (reply: FastifyReply, status: number, message: string, code?: string): FastifyReply =>
  reply
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .send(JSON.stringify(code === undefined ? { message } : { message, code }))

/** To whoever asks without a key that is known, where the wire has codes. */
export const forbidden = (reply: FastifyReply): FastifyReply => fail(reply, 403, "access forbidden", "TST-API-KEY")
