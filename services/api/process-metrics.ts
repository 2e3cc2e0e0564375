/** What this process takes of its machine, under the names that Prometheus' own clients give it. */
import { readdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { version } from "../version.ts"

const cpu = Metric.counter("process_cpu_seconds_total", {
  description: "CPU time of all threads, in seconds",
  incremental: true
})
const resident = Metric.gauge("process_resident_memory_bytes", { description: "Memory that the process holds" })
const heap = Metric.gauge("nodejs_heap_size_used_bytes", { description: "Memory that the engine's objects take" })
const descriptors = Metric.gauge("process_open_fds", { description: "Open file descriptors" })
const started = Metric.gauge("process_start_time_seconds", { description: "When it started, in seconds since 1970" })
const build = Metric.gauge("testudo_build_info", { description: "Always 1; the labels tell which program this is" })

/** Only Linux tells it there. */
const openDescriptors = (): number | undefined => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return undefined
  }
}

/** Brings them up to date. */
export const updateProcessMetrics: Effect.Effect<void> = Effect.gen(function* () {
  const { user, system } = process.cpuUsage()
  const { count: told } = yield* Metric.value(cpu)
  yield* Metric.update(cpu, (user + system) / 1e6 - told)
  const { rss, heapUsed } = process.memoryUsage()
  yield* Metric.update(resident, rss)
  yield* Metric.update(heap, heapUsed)
  const open = openDescriptors()
  if (open !== undefined) yield* Metric.update(descriptors, open)
  yield* Metric.update(started, Math.round(performance.timeOrigin) / 1000)
  yield* Metric.update(Metric.withAttributes(build, { version, node: process.version }), 1)
})
