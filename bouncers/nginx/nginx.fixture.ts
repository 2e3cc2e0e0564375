/** nginx with the files that are shipped for it, and requests to it. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type IncomingHttpHeaders, request } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "../../fixtures/free-port.ts"
import { Program, until } from "./program.fixture.ts"

const snippets = join(dirname(fileURLToPath(import.meta.url)), "nginx")

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
 * A shipped file, but for the port of the bouncer, and more patience: on a busy test machine even a healthy bouncer may take
 * more than 200 ms.
 */
export const shippedFile = (name: "testudo-http.conf" | "testudo-server.conf", bouncer: number): string => {
  const text = readFileSync(join(snippets, name), "utf8")
  const [shipped, ours] =
    name === "testudo-http.conf"
      ? ["127.0.0.1:8081", `127.0.0.1:${bouncer}`]
      : ["proxy_read_timeout 200ms", "proxy_read_timeout 1s"]
  if (!text.includes(shipped)) throw new Error(`${name} does not say ${shipped}`)
  return text.replace(shipped, ours)
}

/** nginx with the shipped files, and the choice for when nothing is known. */
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
  for (const name of ["testudo-http.conf", "testudo-server.conf"] as const)
    writeFileSync(join(folder, "testudo", name), shippedFile(name, options.bouncer))
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
