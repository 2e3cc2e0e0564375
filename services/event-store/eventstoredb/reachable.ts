/**
 * Why a server cannot be used, as far as a connection of one's own tells: the native half of the client hides all reasons
 * behind one word, and the commonest mistake is a location with or without `tls=false`.
 */
import { connect, isIP } from "node:net"
import { connect as connectTls } from "node:tls"

/** A connection is tried for so long, in milliseconds. */
const patience = 1_000

interface Node {
  readonly host: string
  readonly port: number
}

/** The first of the nodes that a connection string names. */
const nodeOf = (connectionString: string): Node | undefined => {
  const [, host, port] = /:\/\/(?:[^@/?]*@)?([^:,/?]+):(\d+)/.exec(connectionString) ?? []
  return host === undefined ? undefined : { host, port: Number(port) }
}

/** Undefined when it can be connected to; else the code of the error, or `late`. */
const plainly = (node: Node): Promise<string | undefined> =>
  new Promise((done) => {
    const socket = connect({ ...node, timeout: patience })
    const end = (outcome: string | undefined) => {
      socket.destroy()
      done(outcome)
    }
    socket.on("connect", () => end(undefined))
    socket.on("timeout", () => end("late"))
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })

/** Whether TLS is spoken there, and what is wrong with the certificate for whoever trusts what this machine trusts. */
const encrypted = (node: Node): Promise<{ readonly isTls: boolean; readonly distrust?: string }> =>
  new Promise((done) => {
    const servername = isIP(node.host) === 0 ? node.host : ""
    const socket = connectTls({
      ...node,
      servername,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      timeout: patience
    })
    const end = (outcome: { readonly isTls: boolean; readonly distrust?: string }) => {
      socket.destroy()
      done(outcome)
    }
    socket.on("secureConnect", () =>
      end({ isTls: true, ...(socket.authorized ? {} : { distrust: String(socket.authorizationError) }) })
    )
    socket.on("timeout", () => end({ isTls: false }))
    socket.on("error", () => end({ isTls: false }))
  })

const reasons: Readonly<Record<string, (node: Node) => string>> = {
  ECONNREFUSED: ({ host, port }) => `nothing listens at ${host}:${port}: start the server, or correct the location`,
  ENOTFOUND: ({ host }) => `no host has the name ${host}`,
  EAI_AGAIN: ({ host }) => `the name ${host} could not be looked up`,
  late: ({ host, port }) => `${host}:${port} does not answer: the machine is away, or a firewall stands in between`
}

/** A reason for people, undefined when a connection works as the client should make it. */
export const reasonAway = async (connectionString: string): Promise<string | undefined> => {
  const node = nodeOf(connectionString)
  if (node === undefined) return undefined
  const failed = await plainly(node)
  if (failed !== undefined) return reasons[failed]?.(node) ?? `${node.host}:${node.port} cannot be reached (${failed})`
  const { isTls, distrust } = await encrypted(node)
  const wantsTls = !/[?&]tls=false/i.test(connectionString)
  if (wantsTls && !isTls)
    return "it does not speak TLS there; if it is meant to run without, write ?tls=false behind the location"
  if (!wantsTls && isTls) return "it speaks TLS there; leave tls=false out of the location"
  const isChecked = !/[?&]tls(?:VerifyCert=false|CAFile=)/i.test(connectionString)
  return wantsTls && distrust !== undefined && isChecked
    ? `its certificate is not trusted here (${distrust}); name its authority with tlsCAFile`
    : undefined
}
