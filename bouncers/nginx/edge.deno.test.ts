/** The cases of bouncers/edge on Deno; its own edge.test.ts runs the same on Node. */
import { banSetCases } from "../edge/ban-set.cases.ts"
import { eventStreamCases } from "../edge/event-stream.cases.ts"
import { syncCases } from "../edge/sync.cases.ts"

for (const { name, run } of [...banSetCases, ...eventStreamCases, ...syncCases]) Deno.test(name, run)
