/** The servers on both sides of a bouncer: an API that pushes, and an application behind nginx. */
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)))

/** A server whose open connections do not keep it from closing. */
const closing = (server: Server): (() => Promise<void>) => {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => undefined)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
}

/** The push stream of the API, as far as a bouncer sees it. */
export class Api {
  readonly port: number
  readonly key = "r1ght/k+y"
  /** `Last-Event-ID` of each connection that was accepted. */
  readonly resumed: Array<string | undefined> = []
  readonly #close: () => Promise<void>
  readonly #streams = new Set<ServerResponse>()
  readonly #bans = new Map<number, object>()
  #position = 1

  private constructor(server: Server, port: number) {
    this.port = port
    this.#close = closing(server)
    server.on("request", (asked, response) => {
      if (asked.headers["x-api-key"] !== this.key) {
        response.writeHead(403, { "content-type": "application/json" }).end('{"message":"access forbidden"}')
      } else if (asked.url !== "/projections/active-bans/stream") response.writeHead(404).end()
      else {
        this.resumed.push(asked.headers["last-event-id"] as string | undefined)
        response.writeHead(200, { "content-type": "text/event-stream" })
        this.#streams.add(response)
        response.on("close", () => this.#streams.delete(response))
        this.#send(response, "snapshot", { bans: [...this.#bans.values()], allowlist: [] })
      }
    })
  }

  static async start(port = 0): Promise<Api> {
    const server = createServer()
    const taken = await listen(server, port)
    return new Api(server, taken)
  }

  ban(id: number, value: string, fields: object = {}): void {
    const scope = value.includes("/") ? "Range" : "Ip"
    const ban = {
      id,
      scope,
      value,
      type: "ban",
      until: "2999-01-01T00:00:00.000Z",
      scenario: "test/s",
      origin: "cscli",
      reason: "r",
      ...fields
    }
    this.#bans.set(id, ban)
    this.#change([ban], [])
  }

  unban(id: number): void {
    const ban = this.#bans.get(id)
    this.#bans.delete(id)
    this.#change([], [ban])
  }

  stop(): Promise<void> {
    return this.#close()
  }

  #change(added: ReadonlyArray<unknown>, removed: ReadonlyArray<unknown>): void {
    this.#position += 1
    for (const stream of this.#streams) this.#send(stream, "changes", { added, removed })
  }

  #send(stream: ServerResponse, event: string, body: object): void {
    const data = JSON.stringify({ position: this.#position, ...body })
    stream.write(`id: ${this.#position}\nevent: ${event}\ndata: ${data}\n\n`)
  }
}

/** An application behind nginx: it echoes, refuses by itself below /refuses, and speaks a web socket's handshake. */
export class Application {
  readonly port: number
  readonly stop: () => Promise<void>

  private constructor(server: Server, port: number) {
    this.port = port
    this.stop = closing(server)
    server.on("request", (asked, response) => {
      let size = 0
      asked.on("data", (chunk: Buffer) => {
        size += chunk.length
      })
      asked.on("end", () => {
        response.writeHead(asked.url?.startsWith("/app/refuses") ? 403 : 200, { "content-type": "text/plain" })
        response.end(`application: ${asked.method} ${size} ${asked.headers["x-forwarded-for"] ?? ""}`)
      })
    })
    server.on("upgrade", (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
    })
  }

  static async start(): Promise<Application> {
    const server = createServer()
    return new Application(server, await listen(server, 0))
  }
}
