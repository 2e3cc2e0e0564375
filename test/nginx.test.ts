/**
 * End to end with real processes: nginx from Debian, the Deno bouncer, the node. An attacker probes, is banned, is turned
 * away; everybody else is served; what a person lifts is lifted; and nginx outlives all of them.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ask, shippedFile } from "../bouncers/nginx/nginx.fixture.ts"
import { type Program, startBouncer } from "../bouncers/nginx/program.fixture.ts"
import { freePort } from "../fixtures/free-port.ts"
import { type Running, run, start, temporaryFolder, testudo, until } from "./process.ts"

const folder = temporaryFolder()
const configuration = join(folder, "testudo.yaml")
let nginxPort: number
let node: Running
let bouncer: Program
let nginx: Running
let bouncerEnvironment: Record<string, string>

/** The combined format with the client that the trusted proxy named: what Debian's nginx writes. */
const nginxConfiguration = (bouncerPort: number): string => `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
  access_log access.log combined;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${shippedFile("testudo-http.conf", bouncerPort)}
  set_real_ip_from 127.0.0.1;
  real_ip_header X-Forwarded-For;
  server {
    listen 127.0.0.1:${nginxPort};
    root site;
${shippedFile("testudo-server.conf", bouncerPort)}
  }
}
`

const get = (path: string, client: string) => ask(nginxPort, path, { client })

/** Probes until the ban is enforced; gives the seconds from the offending line to the first 403. */
const attack = async (client: string, name: string): Promise<number> => {
  let offendingLine = 0
  for (let probe = 0; probe < 400; probe += 1) {
    const sent = performance.now()
    const { status } = await get(`/${name}-${probe}.php`, client)
    if (status === 403) return (performance.now() - offendingLine) / 1000
    expect(status).toBe(404)
    // The ban follows from a line at or before this one: it is the last that was still answered.
    offendingLine = sent
    await new Promise((wake) => setTimeout(wake, 5))
  }
  throw new Error(`${client} was never refused; the node said:\n${node.output()}`)
}

beforeAll(async () => {
  const [apiPort, bouncerPort] = [await freePort(), await freePort()]
  nginxPort = await freePort()
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, "site"))
  writeFileSync(join(folder, "site/index.html"), "welcome")
  writeFileSync(join(folder, "nginx.conf"), nginxConfiguration(bouncerPort))
  writeFileSync(
    configuration,
    `eventStore: "embedded:./store"\napi: { listen: "127.0.0.1:${apiPort}" }\nacquisition:\n  - { files: [./access.log], type: nginx }\nreverseDns: false\n`
  )
  node = testudo("run", "--config", configuration)
  await node.says(/Ctrl-C ends it/)
  const added = await run("bouncers", "add", "nginx", "--json", "--config", configuration)
  bouncerEnvironment = {
    TESTUDO_API_URL: `http://127.0.0.1:${apiPort}`,
    TESTUDO_API_KEY: JSON.parse(added.stdout).key,
    TESTUDO_BOUNCER_LISTEN: `127.0.0.1:${bouncerPort}`,
    TESTUDO_WHEN_UNKNOWN: "open"
  }
  bouncer = startBouncer(bouncerEnvironment)
  nginx = start("nginx", ["-p", `${folder}/`, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")])
  await until("nginx", () =>
    get("/", "198.51.100.200").then(
      (reply) => reply.status === 200,
      () => false
    )
  )
}, 600_000)

afterAll(async () => {
  bouncer?.signal("SIGKILL")
  await nginx?.stop("SIGTERM")
  await node?.stop("SIGINT")
})

describe("nginx, the Deno bouncer and the node", () => {
  it("turn an attacker away and serve everybody else, until the ban is lifted", async () => {
    const attacker = "203.0.113.50"
    const seconds = await attack(attacker, "probe")
    console.log(`from the offending line to the first 403: ${seconds.toFixed(3)} s`)
    const refused = await get("/", attacker)
    expect(refused.status).toBe(403)
    expect(refused.headers["content-type"]).toContain("text/html")
    expect((await get("/", "198.51.100.20")).status).toBe(200)

    const lifted = await run("decisions", "delete", attacker, "--config", configuration)
    expect(lifted.status).toBe(0)
    await until("the attacker to be served again", async () => (await get("/", attacker)).status === 200)
  })

  it("believe X-Forwarded-For only from the trusted proxy", async () => {
    const banned = await run("decisions", "add", "203.0.113.60", "--config", configuration)
    expect(banned.stderr).toBe("")
    await until("the ban", async () => (await get("/", "203.0.113.60")).status === 403)
    // From another address of this machine, the same header is an attempt to blame somebody else.
    const forged = await ask(nginxPort, "/", { client: "203.0.113.60", from: "127.0.0.2" })
    expect(forged.status).toBe(200)
  })

  it("enforce every ban within two and a half seconds of the offending line", async () => {
    const seconds: Array<number> = []
    for (let n = 0; n < 20; n += 1) seconds.push(await attack(`203.0.113.${100 + n}`, `round${n}`))
    seconds.sort((a, b) => a - b)
    const [median, slowest] = [seconds[seconds.length / 2]!, seconds.at(-1)!]
    console.log(
      `offending line to first 403, ${seconds.length} attackers: median ${median.toFixed(3)} s, slowest ${slowest.toFixed(3)} s`
    )
    expect(slowest).toBeLessThan(2.5)
  }, 600_000)

  it("go on without the node: bans stay in force", async () => {
    expect((await get("/", "203.0.113.60")).status).toBe(403)
    await node.stop("SIGKILL")
    expect((await get("/", "203.0.113.60")).status).toBe(403)
    expect((await get("/", "198.51.100.21")).status).toBe(200)
    node = testudo("run", "--config", configuration)
    await node.says(/Ctrl-C ends it/)
    const lifted = await run("decisions", "delete", "203.0.113.60", "--config", configuration)
    expect(lifted.stdout).toContain("1 decision ended")
    await until("the news to arrive after the restart", async () => (await get("/", "203.0.113.60")).status === 200)
  }, 600_000)

  it("leave nginx answering as configured when the Deno process is killed", async () => {
    await bouncer.kill()
    for (const client of ["198.51.100.22", "203.0.113.101"]) expect((await get("/", client)).status).toBe(200)
    const closed = readFileSync(join(folder, "nginx.conf"), "utf8").replace(
      `listen 127.0.0.1:${nginxPort};`,
      `listen 127.0.0.1:${nginxPort}; set $testudo_when_unknown closed;`
    )
    writeFileSync(join(folder, "nginx.conf"), closed)
    nginx.child.kill("SIGHUP")
    // The old worker goes on for a moment beside the new one.
    const refusals = async () => {
      for (let n = 0; n < 20; n += 1) if ((await get("/", "198.51.100.22")).status !== 403) return false
      return true
    }
    await until("nginx to be closed", refusals, { every: 100 })
    bouncer = startBouncer(bouncerEnvironment)
    await until("the bouncer to be back", async () => (await get("/", "198.51.100.22")).status === 200)
    // It answers before it has heard from the API: open, as configured.
    await until("the bans to be known again", async () => (await get("/", "203.0.113.101")).status === 403)
    expect((await get("/", "198.51.100.22")).status).toBe(200)
  }, 600_000)
})
