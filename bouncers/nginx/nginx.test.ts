/** The shipped nginx configuration and the bouncer, as real processes, in both choices for when nothing is known. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createTcpServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freePort } from "../../fixtures/free-port.ts"
import { variables } from "./configuration.ts"
import { ask, type Nginx, type Reply, startNginx } from "./nginx.fixture.ts"
import { type Program, startBouncer, until } from "./program.fixture.ts"
import { Api, Application } from "./servers.fixture.ts"

const banned = "203.0.113.66"
const visitor = "203.0.113.7"

describe.each(["open", "closed"] as const)("nginx with the choice %s", (whenUnknown) => {
  let api: Api
  let application: Application
  let nginx: Nginx
  let bouncer: Program
  let bouncerPort: number

  const start = (port = api.port): Program =>
    startBouncer({
      TESTUDO_API_URL: `http://127.0.0.1:${port}`,
      TESTUDO_API_KEY: api.key,
      TESTUDO_BOUNCER_LISTEN: `127.0.0.1:${bouncerPort}`,
      TESTUDO_WHEN_UNKNOWN: whenUnknown
    })
  const health = async (): Promise<Record<string, unknown>> => {
    const reply = await ask(bouncerPort, "/health", {}).catch(() => undefined)
    return reply === undefined ? {} : JSON.parse(reply.body)
  }
  const inStep = () =>
    until(`the bouncer to be in step; it said: ${bouncer.output}`, async () => (await health())["connected"] === true)
  const page = (path = "/", client = visitor): Promise<Reply> => ask(nginx.port, path, { client })
  const fallback = whenUnknown === "open" ? 200 : 403

  beforeAll(async () => {
    bouncerPort = await freePort()
    api = await Api.start()
    application = await Application.start()
    nginx = await startNginx({ bouncer: bouncerPort, application: application.port, whenUnknown })
  })
  afterAll(async () => {
    await Promise.all([bouncer?.kill(), nginx?.stop(), application?.stop(), api?.stop()])
  })

  it("answers as configured while there is no bouncer at all", async () => {
    const reply = await page()
    expect(reply.status).toBe(fallback)
    if (whenUnknown === "closed") expect(reply.body).toContain("Not available at the moment")
    expect((await page("/unguarded")).status).toBe(200)
  })

  it("answers as configured while the API has never answered", async () => {
    const nobody = await freePort()
    bouncer = start(nobody)
    await until("the bouncer to listen", async () => (await health())["synced"] === false)
    expect((await page()).status).toBe(fallback)
    await until("the bouncer to say so", () => bouncer.output.includes("TST-BOUNCER-API"))
    await bouncer.kill()
  })

  it("refuses a banned address with the page, serves others, and serves the first again after the end of the ban", async () => {
    bouncer = start()
    await inStep()
    expect((await page("/", banned)).status).toBe(200)

    api.ban(4711, banned)
    await until("the ban to be enforced", async () => (await page("/", banned)).status === 403)
    const refused = await page("/", banned)
    expect(refused.headers["content-type"]).toBe("text/html; charset=utf-8")
    expect(refused.headers["cache-control"]).toBe("no-store")
    expect(refused.body).toContain("<dd>4711</dd>")
    expect(refused.body).toContain('<time datetime="2999-01-01T00:00:00Z">')
    expect(refused.body).toContain(`<dd>${banned}</dd>`)
    expect((await page()).body).toBe("the site")

    api.unban(4711)
    await until("the ban to end", async () => (await page("/", banned)).status === 200)
    expect((await page("/", banned)).body).toBe("the site")
  })

  it("bans a range, and an address of the sixth version", async () => {
    api.ban(1, "198.51.100.0/24")
    api.ban(2, "2001:db8::66")
    await until("the bans", async () => (await page("/", "2001:db8::66")).status === 403)
    expect((await page("/", "198.51.100.200")).status).toBe(403)
    expect((await page("/", "198.51.101.1")).status).toBe(200)
    expect((await page("/", "2001:db8::67")).status).toBe(200)
    api.unban(1)
    api.unban(2)
  })

  it("keeps to each request's own ways: methods, bodies, file types, web sockets, other refusals", async () => {
    api.ban(5, banned)
    await until("the ban", async () => (await page("/", banned)).status === 403)
    const body = Buffer.alloc(3_000_000, "x")

    const head = await ask(nginx.port, "/", { client: banned, method: "HEAD" })
    expect([head.status, head.body]).toEqual([403, ""])
    expect((await ask(nginx.port, "/", { client: visitor, method: "HEAD" })).status).toBe(200)

    const post = await ask(nginx.port, "/app/form", { client: visitor, method: "POST", body })
    expect(post.body).toBe(`application: POST 3000000 ${visitor}`)
    expect((await ask(nginx.port, "/app/form", { client: banned, method: "POST", body })).status).toBe(403)
    for (const method of ["PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
      expect((await ask(nginx.port, "/app", { client: visitor, method })).body).toContain(`application: ${method}`)
      expect((await ask(nginx.port, "/app", { client: banned, method })).status).toBe(403)
    }

    const style = await page("/style.css", banned)
    expect([style.status, style.headers["content-type"]]).toEqual([403, "text/html; charset=utf-8"])
    expect((await page("/style.css")).headers["content-type"]).toBe("text/css")

    const upgrade = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "eA=="
    }
    expect((await ask(nginx.port, "/app/socket", { client: visitor, headers: upgrade })).status).toBe(101)
    expect((await ask(nginx.port, "/app/socket", { client: banned, headers: upgrade })).status).toBe(403)

    const cookies = { Cookie: "x".repeat(7_000), Authorization: "y".repeat(7_000) }
    expect((await ask(nginx.port, "/app", { client: visitor, headers: cookies })).status).toBe(200)

    const own = await page("/app/refuses")
    expect([own.status, own.body]).toEqual([403, `application: GET 0 ${visitor}`])
    for (const path of ["/denied", "/listing/"]) {
      const denied = await page(path)
      expect(denied.status).toBe(403)
      expect(denied.body).toContain("403 Forbidden")
      expect(denied.body).not.toContain("Access refused")
    }
    expect((await page("/missing")).status).toBe(404)
    expect((await page("/_testudo/verdict")).status).toBe(404)
    expect((await page("/unguarded", banned)).status).toBe(200)
    api.unban(5)
  })

  it("leaves a milder remediation to the site, with its name and number", async () => {
    api.ban(6, banned, { type: "throttle" })
    await until("the decision", async () => (await page("/throttled", banned)).headers["x-seen"] === "throttle/6")
    expect((await page("/throttled", banned)).status).toBe(200)
    expect((await page("/throttled")).headers["x-seen"]).toBe("/")
    api.unban(6)
  })

  it("shows nothing of what an attacker may have written", async () => {
    api.ban(7, banned, { id: "<script>alert(1)</script>", scenario: '"><img src=x>\r\nX: y', type: "ban" })
    await until("the ban", async () => (await page("/", banned)).status === 403)
    const refused = await page("/<script>alert(2)</script>", banned)
    expect(refused.body).not.toMatch(/<script|<img/)
    expect(refused.headers["x"]).toBeUndefined()
    api.unban(7)
    await until("the end", async () => (await page("/", banned)).status === 200)
  })

  it("believes X-Forwarded-For of the trusted proxy only", async () => {
    api.ban(8, banned)
    api.ban(9, "127.0.0.9")
    await until("the bans", async () => (await page("/", banned)).status === 403)
    const forged = (from: string, client: string) => ask(nginx.port, "/", { from, client })
    expect((await forged("127.0.0.1", banned)).status).toBe(403)
    expect((await forged("127.0.0.2", banned)).status).toBe(200)
    expect((await forged("127.0.0.9", visitor)).status).toBe(403)
    api.unban(8)
    api.unban(9)
  })

  it("keeps its bans when the API dies, and catches up when it is back", async () => {
    api.ban(10, banned)
    await until("the ban", async () => (await page("/", banned)).status === 403)
    const port = api.port
    await api.stop()
    await until("the bouncer to notice", async () => (await health())["connected"] === false)
    expect((await page("/", banned)).status).toBe(403)
    expect((await page()).status).toBe(200)
    api = await Api.start(port)
    api.ban(11, "203.0.113.67")
    await until("the new state", async () => (await page("/", "203.0.113.67")).status === 403)
    expect((await page("/", banned)).status).toBe(200)
    expect(api.resumed[0]).toMatch(/^\d+$/)
  })

  it("answers as configured while the bouncer is frozen, soon, and goes on when it wakes", async () => {
    bouncer.signal("SIGSTOP")
    const replies = await Promise.all(Array.from({ length: 20 }, () => page("/style.css")))
    const resource = await page("/app")
    bouncer.signal("SIGCONT")
    for (const reply of [...replies, resource]) {
      expect(reply.status).toBe(fallback)
      expect(reply.ms).toBeLessThan(4_000)
    }
    await until(
      "the bouncer to wake",
      async () => (await page("/", "203.0.113.67")).status === 403 && (await page()).status === 200
    )
  })

  it("answers as configured when the bouncer is killed, also in the middle of many requests", async () => {
    const statuses = new Set<number>()
    let asking = true
    const load = Array.from({ length: 8 }, async () => {
      while (asking) statuses.add((await page("/style.css")).status)
    })
    await bouncer.kill()
    await until("some answers without a bouncer", async () => (await page("/style.css")).status === fallback)
    asking = false
    await Promise.all(load)
    expect([...statuses].filter((status) => status !== 200 && status !== fallback)).toEqual([])
    expect((await page("/listing/")).status).toBe(403)
  })

  it("answers as configured when a stranger sits on the bouncer's port, whatever it says", async () => {
    const answers = [
      "nonsense\n\n",
      "",
      "\u0000\u0001\u0002",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 599 Strange\r\nContent-Length: 0\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`
    ]
    for (const answer of answers) {
      const stranger = createTcpServer((socket: Socket) => {
        socket.on("error", () => undefined)
        socket.once("data", () => socket.end(answer))
      })
      await new Promise<void>((resolve) => stranger.listen(bouncerPort, "127.0.0.1", resolve))
      const replies = [
        await page("/style.css"),
        await page("/app"),
        await ask(nginx.port, "/app", { client: visitor, method: "POST", body: Buffer.alloc(2_000_000) })
      ]
      await new Promise((resolve) => stranger.close(resolve))
      expect({ answer: answer.slice(0, 40), statuses: replies.map((reply) => reply.status) }).toEqual({
        answer: answer.slice(0, 40),
        statuses: [fallback, fallback, fallback]
      })
    }
  })

  it("is back with the bouncer, without a reload of nginx", async () => {
    bouncer = start()
    await inStep()
    expect((await page("/", "203.0.113.67")).status).toBe(403)
    expect((await page()).status).toBe(200)
  })

  it("stops cleanly on SIGTERM although nginx keeps connections open", async () => {
    await page()
    bouncer.signal("SIGTERM")
    expect(await bouncer.exited(3_000)).toBe(0)
    expect(bouncer.output).toContain("stopped")
    expect((await page()).status).toBe(fallback)
  })

  it("wrote nothing into nginx's log that hints at a broken configuration", () => {
    expect(nginx.errors()).not.toMatch(
      /unexpected status|uninitialized|rewrite or internal redirection cycle|\[(emerg|alert|warn)\]/
    )
  })
})

it("the shipped unit starts the bouncer with the right to see its settings", () => {
  const unit = readFileSync(new URL("testudo-nginx-bouncer.service", import.meta.url), "utf8")
  const [, allowed = ""] = /--allow-env=([\w,]+)/.exec(unit) ?? []
  expect(allowed.split(",").sort()).toEqual([...variables].sort())
})

describe("the bouncer's messages", () => {
  const ended = async (env: Record<string, string>): Promise<readonly [number | null, string]> => {
    const program = startBouncer(env)
    try {
      return [await program.exited(), program.output]
    } finally {
      await program.kill()
    }
  }

  it("a mistake in the configuration is one line, without a stack trace", async () => {
    for (const [env, message] of [
      [{}, "the key for the API is missing"],
      [{ TESTUDO_API_KEY: "k", TESTUDO_WHEN_UNKNOWN: "perhaps" }, "TESTUDO_WHEN_UNKNOWN"],
      [{ TESTUDO_API_KEY_FILE: "/nonexistent/key" }, "/nonexistent/key"]
    ] as const) {
      const [code, output] = await ended(env)
      expect(code).toBe(2)
      expect(output).toContain(message)
      expect(output.trim().split("\n")).toHaveLength(1)
    }
  })

  it("a taken port is named", async () => {
    const other = createTcpServer()
    const port = await freePort()
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve))
    const [code, output] = await ended({ TESTUDO_API_KEY: "k", TESTUDO_BOUNCER_LISTEN: `127.0.0.1:${port}` })
    await new Promise((resolve) => other.close(resolve))
    expect(code).toBe(1)
    expect(output).toContain(`127.0.0.1:${port} is taken`)
    expect(output).toContain("TST-BOUNCER-PORT")
  })

  it("a wrong key is named, and the bouncer lives on; the right one comes from a file", async () => {
    const api = await Api.start()
    const folder = mkdtempSync(join(tmpdir(), "testudo-key-"))
    const file = join(folder, "key")
    const port = await freePort()
    const env = {
      TESTUDO_API_URL: `http://127.0.0.1:${api.port}`,
      TESTUDO_BOUNCER_LISTEN: `127.0.0.1:${port}`,
      TESTUDO_API_KEY_FILE: file
    }
    try {
      writeFileSync(file, "wrong\n")
      const refused = startBouncer(env)
      await until("the message", () => refused.output.includes("TST-BOUNCER-KEY"))
      expect((await ask(port, "/verdict", { headers: { "X-Real-IP": visitor } })).status).toBe(204)
      await refused.kill()
      writeFileSync(file, `${api.key}\n`)
      const accepted = startBouncer(env)
      await until("the bouncer to be in step", () => accepted.output.includes("in step with"))
      await accepted.kill()
    } finally {
      await api.stop()
      rmSync(folder, { recursive: true })
    }
  })
})
