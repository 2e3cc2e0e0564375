/**
 * SIGKILL at 20 random moments of a busy replay into a store on disk. What a reader has seen is acknowledged: it must
 * still be there; nothing is there twice; and the end is that of a run that nobody disturbed.
 */
import { join } from "node:path"
import { expect, it } from "vitest"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { activeBans } from "../projections/active-bans.ts"
import { fold, type Projection } from "../projections/projection.ts"
import { reputation } from "../projections/reputation.ts"
import { targetedAttacks } from "../projections/targeted-attacks.ts"
import { run, temporaryFolder, testudo, until } from "./process.ts"
import { recordedEvents } from "./recorded.ts"
import { replayedBy } from "./replayed.ts"
import { writtenLog } from "./written-log.ts"

const kills = 20

/** Ids with their positions: what an acknowledged event must keep. */
const seen = async (store: string): Promise<ReadonlyMap<number, string>> =>
  new Map((await recordedEvents(store).catch(() => [])).map(({ position, id }) => [position, id]))

/** The projections as text, without what says when this machine recorded it. */
const projected = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<string> => {
  const timeless = events.map((event) => ({ ...event, recordedAt: 0, position: 0 }) as TestudoEvent)
  const state = <State>(projection: Projection<State>) => {
    const folded = fold(projection, projection.initial(), timeless)
    return JSON.stringify(projection.encode(folded))
  }
  return [state(activeBans), state(reputation), state(targetedAttacks)]
}

const verdicts = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<unknown> =>
  events.flatMap((event) => {
    if (event.type === "OverflowRaised") {
      const { scenario, source, eventsCount, startAt, stopAt, evidence } = event.data
      return [
        [scenario.name, source.value, eventsCount, startAt, stopAt, evidence.entries.map(({ at, text }) => [at, text])]
      ]
    }
    if (event.type === "DecisionMade") {
      const { number, value, type, from, until } = event.data
      return [[number, value, type, from, until]]
    }
    return []
  })

it(`a replay that is killed ${kills} times ends like one that is not`, async () => {
  const folder = temporaryFolder()
  const file = await writtenLog(botnet({ seed: 7, bots: 3_500, visitors: 8_500 }), join(folder, "access.log"))
  const options = [file, "--type", "nginx", "--json", "--now", "2026-11-22T12:00:00Z", "--store"]
  const calm = join(folder, "calm")
  const undisturbed = await run("replay", ...options, calm)
  expect(undisturbed.stderr).toBe("")

  const store = join(folder, "store")
  let acknowledged: ReadonlyMap<number, string> = new Map()
  let killed = 0
  while (killed < kills) {
    const replay = testudo("replay", ...options, store)
    const before = acknowledged.size
    // Once it has got to work, some random moment.
    await until(
      "the replay to append",
      async () => replay.child.exitCode !== null || (await seen(store)).size > before,
      { within: 180_000 }
    )
    await new Promise((wake) => setTimeout(wake, Math.random() * 30))
    const now = await seen(store)
    if (replay.child.exitCode !== null) break
    await replay.stop("SIGKILL")
    killed += 1
    for (const [position, id] of acknowledged) expect(now.get(position)).toBe(id)
    const after = await seen(store)
    for (const [position, id] of now) expect(after.get(position)).toBe(id)
    acknowledged = after
  }
  expect(killed).toBe(kills)
  const last = await run("replay", ...options, store)
  expect(replayedBy(last)).toEqual(replayedBy(undisturbed))

  const events = await recordedEvents(store)
  const undisturbedEvents = await recordedEvents(calm)
  for (const [position, id] of acknowledged) expect(events.find((event) => event.position === position)?.id).toBe(id)
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  // Batches may be cut elsewhere after a kill; what is judged from them is the same, in the same order.
  expect(verdicts(events)).toEqual(verdicts(undisturbedEvents))
  expect(projected(verdictsOnly(events))).toEqual(projected(verdictsOnly(undisturbedEvents)))
}, 1_800_000)

/** With ids that do not depend on how the batches were cut: each is named by the order of its first mention. */
const verdictsOnly = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<TestudoEvent> => {
  const names = new Map<string, string>()
  const name = (id: string): string => {
    const known = names.get(id) ?? `event-${names.size}`
    names.set(id, known)
    return known
  }
  return events
    .filter(({ type }) => type === "OverflowRaised" || type === "DecisionMade")
    .map((event) => {
      const id = name(event.id)
      if (event.type !== "DecisionMade" || event.data.overflow === null) return { ...event, id }
      return { ...event, id, data: { ...event.data, overflow: name(event.data.overflow) } }
    })
}
