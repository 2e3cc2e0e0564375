/** API keys of bouncers, as CrowdSec's local API takes them: how they are made, hashed and recognised. */
import { createHash, randomBytes } from "node:crypto"
import type { FastifyRequest } from "fastify"
import { type Bouncer, bouncerByHash, type Bouncers } from "../../projections/bouncers.ts"

/** Lower-case hexadecimal SHA-512: what the log keeps of a key. */
export const keyHash = (key: string | Uint8Array): string => createHash("sha512").update(key).digest("hex")

/** 32 random bytes as base64 without padding: 43 characters. */
export const newKey = (): string => randomBytes(32).toString("base64").replaceAll("=", "")

/** Whoever calls, as the deltas are counted: a key may be shared by bouncers on several hosts, and by several on one. */
export interface Caller {
  readonly bouncer: Bouncer
  readonly address: string
  /** What it says it is: the beginning of the header `User-Agent`. */
  readonly agent: string
}

const agentLength = 128

/**
 * Who calls with `X-Api-Key`, or undefined without a known key, and for a caller who is gone. The key is looked up by its
 * hash, so the time that it takes tells nothing about keys.
 */
export const callerOf = (bouncers: Bouncers, request: FastifyRequest): Caller | undefined => {
  const header = request.headers["x-api-key"]
  const key = Array.isArray(header) ? header[0] : header
  if (key === undefined || key === "" || key.length > 1_024) return undefined
  // Node reads the bytes of headers as Latin-1; the hash is of the bytes that were sent.
  const bouncer = bouncerByHash(bouncers, keyHash(Buffer.from(key, "latin1")))
  // Whoever has hung up by now has no address any more, whatever Fastify's types say.
  const address: string | undefined = request.ip
  if (bouncer === undefined || address === undefined) return undefined
  const agent = (request.headers["user-agent"] ?? "").slice(0, agentLength)
  return { bouncer, address: address.replace(/^::ffff:/, ""), agent }
}
