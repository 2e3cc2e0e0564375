/**
 * The nginx bouncer: a Deno process beside nginx that keeps its own copy of the active bans and answers nginx's
 * question about each request from it. See README.md for how to install it.
 *
 *     deno run --allow-net=127.0.0.1 --allow-env=TESTUDO_API_URL,… --allow-read=/etc/testudo main.ts
 */
import manifest from "../../package.json" with { type: "json" }
import { BanSet } from "../edge/ban-set.ts"
import { BanSync } from "../edge/sync.ts"
import { type Configuration, ConfigurationProblem, readConfiguration, variables } from "./configuration.ts"
import { createHandler } from "./handler.ts"

const goodbyeMs = 1_000

const report = (message: string): void => console.error(`testudo-nginx-bouncer: ${message}`)

const configure = (): Configuration => {
  try {
    return readConfiguration({ variable: (name) => Deno.env.get(name), file: (path) => Deno.readTextFileSync(path) })
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable)
      report(`Deno may not read the settings: start it with --allow-env=${variables.join(",")} (TST-BOUNCER-CONFIG)`)
    else if (error instanceof ConfigurationProblem) report(error.message)
    else throw error
    return Deno.exit(2)
  }
}

const listen = ({ hostname, port }: Configuration["listen"], handler: (request: Request) => Response) => {
  try {
    return Deno.serve({ hostname, port, onListen: ({ port }) => report(`listening on ${hostname}:${port}`) }, handler)
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse)
      report(
        `${hostname}:${port} is taken by another program; set TESTUDO_BOUNCER_LISTEN, and the same address in testudo-http.conf (TST-BOUNCER-PORT)`
      )
    else
      report(
        `cannot listen on ${hostname}:${port}: ${error instanceof Error ? error.message : error} (TST-BOUNCER-PORT)`
      )
    return Deno.exit(1)
  }
}

if (Deno.args.length > 0) {
  report(
    `it takes no arguments; it is configured by the environment: ${variables.join(", ")}; see README.md (TST-BOUNCER-CONFIG)`
  )
  Deno.exit(2)
}

const configuration = configure()
const set = new BanSet()
const sync = new BanSync({
  url: configuration.apiUrl,
  key: configuration.apiKey,
  userAgent: `testudo-nginx-bouncer/${manifest.version}`,
  set,
  report
})
const server = listen(
  configuration.listen,
  createHandler({ set, status: () => sync.status, whenUnknown: configuration.whenUnknown, now: Date.now, report })
)

const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort())
await sync.run(stop.signal)
// nginx keeps its connections open, so a server that waits for them all would never end.
await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, goodbyeMs))])
report("stopped")
Deno.exit(0)
