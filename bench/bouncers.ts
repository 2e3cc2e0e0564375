/**
 * What bouncers cost: `npm run bench -- bouncers [--decisions N] [--bouncers N]`. An API over an event store in memory that
 * holds so many decisions; the bouncers are another process, so that CPU and memory are those of the API.
 */
import { fork } from "node:child_process"
import { get } from "node:http"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ApiServer } from "../services/api/server.ts"
import { EventStore } from "../services/event-store/event-store.ts"
import { Projections } from "../services/projections/projections.ts"
import { bouncerHeaders, deciding, trialServices } from "../services/api/trial.fixture.ts"
import { table } from "./measure/table.ts"

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "bouncers"),
  options: {
    decisions: { type: "string", default: "200000" },
    bouncers: { type: "string", default: "500" },
    /** Where a child asks, and with which key. */
    url: { type: "string" },
    key: { type: "string", default: "" }
  }
})
const decisions = Number(flags.decisions)

interface Task {
  readonly what: string
  readonly query: string
  readonly pulls: number
  /** So many bouncers ask at a time. */
  readonly together: number
}

/** In the child: every bouncer asks on a connection of its own. */
const pull = ({ query, pulls, together }: Task): Promise<unknown> => {
  let left = pulls
  const one = (bouncer: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { "x-api-key": flags.key, "user-agent": `bench/${bouncer}` }
      get(`${flags.url}/v1/decisions/stream${query}`, { headers }, (response) =>
        response.resume().on("end", resolve)
      ).on("error", reject)
    })
  const bouncer = async (number: number): Promise<void> => {
    while (left > 0) {
      left -= 1
      await one(number)
    }
  }
  return Promise.all(Array.from({ length: together }, (_, number) => bouncer(number)))
}

const addressOf = (number: number): string => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`

const cpuMs = (): number => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000

const measure = Effect.gen(function* () {
  const store = yield* EventStore
  const projections = yield* Projections
  const { port } = yield* ApiServer
  const key = (yield* bouncerHeaders())["x-api-key"]
  for (let from = 0; from < decisions; from += 500) {
    const made = Array.from({ length: Math.min(500, decisions - from) }, (_, index) =>
      deciding(from + index + 1, { value: addressOf(from + index) }, 86_400 + from)
    )
    yield* store.appendGroup(
      made.map(({ id, type, data, metadata, stream }) => ({
        stream,
        expected: "any" as const,
        events: [{ id, type, data, metadata }]
      }))
    )
  }
  yield* projections.settled(yield* store.head)
  const many = Number(flags.bouncers)
  const tasks: ReadonlyArray<Task> = [
    { what: "everything, one bouncer", query: "?startup=true", pulls: 5, together: 1 },
    { what: "everything, 20 at once", query: "?startup=true", pulls: 20, together: 20 },
    { what: "nothing new, one bouncer", query: "", pulls: 1_000, together: 1 },
    { what: `nothing new, ${many} at once`, query: "", pulls: 10 * many, together: many }
  ]
  const child = fork(fileURLToPath(import.meta.url), ["--url", `http://127.0.0.1:${port}`, "--key", key])
  const told = () => Effect.promise(() => once(child, "message"))
  const rows: Array<ReadonlyArray<string>> = []
  for (const task of tasks) {
    // Whoever asks for the first time is told everything: that is no part of asking again.
    if (task.query === "") {
      child.send({ ...task, pulls: task.together })
      yield* told()
    }
    const [began, used] = [performance.now(), cpuMs()]
    let most = 0
    const idle = process.memoryUsage().rss
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - idle)
    }, 20)
    child.send(task)
    yield* told()
    clearInterval(watch)
    const seconds = (performance.now() - began) / 1_000
    rows.push([
      task.what,
      String(task.pulls),
      (task.pulls / seconds).toFixed(1),
      ((cpuMs() - used) / task.pulls).toFixed(2),
      (most / 1_048_576).toFixed(0)
    ])
  }
  child.disconnect()
  console.log(table([["what", "pulls", "pulls/s", "CPU ms a pull", "MB above idle"], ...rows]))
})

if (flags.url === undefined) {
  const api = ApiServer.layer({ host: "127.0.0.1", port: 0 }).pipe(Layer.provideMerge(trialServices))
  await Effect.runPromise(measure.pipe(Effect.scoped, Effect.provide(api)))
} else process.on("message", (task) => void pull(task as Task).then(() => process.send?.("done")))
