/** Who may read the projections: this machine without more ado, everybody else with an API key. */
import type { FastifyRequest } from "fastify"
import { isIP } from "node:net"
import type { Bouncers } from "../../projections/bouncers.ts"
import { callerOf } from "./bouncer-key.ts"

const loopback = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/

/** Headers by which a proxy tells that it asks for somebody else. */
const forwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"]

/** A web page that points a name of its own at 127.0.0.1 must not read through its visitor's browser. */
const isLocalName = (host: string | undefined): boolean => {
  const name = (host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")
  return name === "localhost" || isIP(name) !== 0
}

export const mayRead = (bouncers: Bouncers, request: FastifyRequest): boolean =>
  (loopback.test(request.socket.remoteAddress ?? "") &&
    isLocalName(request.headers.host) &&
    forwarded.every((name) => request.headers[name] === undefined)) ||
  callerOf(bouncers, request) !== undefined
