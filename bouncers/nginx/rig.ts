/** Real processes for the test of this folder: nginx, Deno, an application behind nginx and an API that pushes. */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders, request, type Server, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, "..", "..")
const snippets = join(here, "nginx")

export const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> => {
  const deadline = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const freePort = async (): Promise<number> => {
  const server = createTcpServer()
  const port = await listen(server, 0)
  await new Promise((resolve) => server.close(resolve))
  return port
}

const listen = (server: TcpServer, port: number): Promise<number> =>
  new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)))

/** A server whose open connections do not keep it from closing. */
const closing = (server: TcpServer): (() => Promise<void>) => {
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

/** A program in a process group of its own, so that a signal reaches it through any wrapper. */
export class Program {
  readonly #child: ChildProcess
  output = ""
  exitCode: number | null | undefined

  constructor(command: string, args: ReadonlyArray<string>, env: Record<string, string>) {
    this.#child = spawn(command, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...env }
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString()
      })
    this.#child.on("exit", (code) => {
      this.exitCode = code
    })
    this.#child.on("error", (error) => {
      this.output += error.message
      this.exitCode = null
    })
  }

  signal(signal: NodeJS.Signals): void {
    if (this.exitCode === undefined && this.#child.pid !== undefined) process.kill(-this.#child.pid, signal)
  }

  async exited(ms = 30_000): Promise<number | null> {
    await until(`the end of the program; it said: ${this.output}`, () => this.exitCode !== undefined, ms)
    return this.exitCode!
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL")
    await this.exited()
  }
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

export const startBouncer = (env: Record<string, string>): Program => {
  const deno = join(root, "node_modules", ".bin", "deno")
  if (!existsSync(deno)) throw new Error("Deno is missing: run npm install")
  const names = "TESTUDO_API_URL,TESTUDO_API_KEY,TESTUDO_API_KEY_FILE,TESTUDO_BOUNCER_LISTEN,TESTUDO_WHEN_UNKNOWN"
  const read = env["TESTUDO_API_KEY_FILE"] === undefined ? [] : [`--allow-read=${env["TESTUDO_API_KEY_FILE"]}`]
  return new Program(
    deno,
    ["run", "--no-prompt", "--allow-net=127.0.0.1", `--allow-env=${names}`, ...read, join(here, "main.ts")],
    env
  )
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

export interface Nginx {
  readonly program: Program
  readonly port: number
  readonly errors: () => string
  readonly stop: () => Promise<void>
}

const nginxPath = (): string => {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"]
  const found = folders.map((folder) => join(folder, "nginx")).find((path) => existsSync(path))
  if (found === undefined) throw new Error("nginx is missing: run `apt-get install nginx-light` as root")
  return found
}

/**
 * nginx with the shipped files, but for the port of the bouncer, the choice for when nothing is known, and more patience:
 * on a busy test machine even a healthy bouncer may take more than 200 ms.
 */
export const startNginx = async (options: {
  readonly bouncer: number
  readonly application: number
  readonly whenUnknown: "open" | "closed"
}): Promise<Nginx> => {
  const folder = mkdtempSync(join(tmpdir(), "testudo-nginx-"))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, "testudo"))
  mkdirSync(join(folder, "site", "listing"), { recursive: true })
  for (const name of ["index.html", "style.css"]) writeFileSync(join(folder, "site", name), "the site")
  const install = (name: string, shipped: string, ours: string): void => {
    const text = readFileSync(join(snippets, name), "utf8")
    if (!text.includes(shipped)) throw new Error(`${name} does not say ${shipped}`)
    writeFileSync(join(folder, "testudo", name), text.replace(shipped, ours))
  }
  install("testudo-http.conf", "127.0.0.1:8081", `127.0.0.1:${options.bouncer}`)
  install("testudo-server.conf", "proxy_read_timeout 200ms", "proxy_read_timeout 1s")
  const port = await freePort()
  writeFileSync(
    join(folder, "nginx.conf"),
    `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
    types { text/html html; text/css css; }
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    include testudo/testudo-http.conf;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    server {
        listen 127.0.0.1:${port};
        root site;
        client_max_body_size 16m;
        ${options.whenUnknown === "closed" ? "set $testudo_when_unknown closed;" : ""}
        include testudo/testudo-server.conf;
        location = /denied { deny all; }
        location = /unguarded { auth_request off; return 200 "unguarded"; }
        location /throttled { add_header X-Seen "$testudo_remediation/$testudo_decision"; try_files /style.css =404; }
        location /app {
            proxy_pass http://127.0.0.1:${options.application};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $http_connection;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
}
`
  )
  const program = new Program(
    nginxPath(),
    ["-p", `${folder}/`, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")],
    {}
  )
  const errors = (): string => readFileSync(join(folder, "error.log"), "utf8")
  const stop = async (): Promise<void> => {
    program.signal("SIGTERM")
    await program.exited().catch(() => program.kill())
    rmSync(folder, { recursive: true, force: true })
  }
  await until(`nginx to answer; it said: ${program.output}`, async () => {
    if (program.exitCode !== undefined) throw new Error(`nginx ended: ${program.output}`)
    return (await ask(port, "/unguarded", {}).catch(() => undefined))?.status === 200
  })
  return { program, port, errors, stop }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly ms: number
}

/** One request on a connection of its own. `client`: the address that the trusted proxy names. */
export const ask = (
  port: number,
  path: string,
  options: {
    readonly client?: string
    readonly method?: string
    readonly body?: Buffer
    readonly headers?: Record<string, string>
    /** Local address that the connection comes from. */
    readonly from?: string
  }
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const headers: Record<string, string> = { ...options.headers }
    if (options.client !== undefined) headers["X-Forwarded-For"] = options.client
    if (options.body !== undefined) headers["Content-Length"] = String(options.body.length)
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: options.method ?? "GET",
        headers,
        agent: false,
        ...(options.from && { localAddress: options.from })
      },
      (response) => {
        let body = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => {
          body += chunk
        })
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, body, ms: performance.now() - started })
        )
      }
    )
    sent.on("upgrade", (response, socket, head) => {
      socket.destroy()
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        body: head.toString(),
        ms: performance.now() - started
      })
    })
    // A server may answer, and close, before it has read a whole body.
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error)
    })
    sent.end(options.body)
  })
