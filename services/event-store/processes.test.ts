import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import { afterEach, describe, expect, it } from "vitest"
import { derivedId } from "../../domain/events/derived-id.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import type { Store } from "./contract/sample.ts"
import { newDirectory, using as opened } from "./embedded.fixture.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { readHolder, withoutSecrets } from "./writer-lock.ts"

const children = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of children) await killed(child)
})

const killed = (child: ChildProcess): Promise<void> => {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()))
  child.kill("SIGKILL")
  return gone
}

interface Other {
  readonly child: ChildProcess
  /** Everything it has said. */
  readonly said: Array<string>
  /** Resolves once this holds of what it has said. */
  readonly until: (holds: (said: ReadonlyArray<string>) => boolean) => Promise<void>
}

const other = (what: "hold" | "append" | "follow", directory: string): Other => {
  const script = join(import.meta.dirname, "other-process.fixture.ts")
  const child = spawn(process.execPath, [script, what, directory], { stdio: ["ignore", "pipe", "inherit"] })
  children.add(child)
  const said: Array<string> = []
  const lines = createInterface(child.stdout)
  lines.on("line", (line) => said.push(line))
  const until = (holds: (said: ReadonlyArray<string>) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (holds(said)) resolve()
        else if (child.exitCode !== null) reject(new Error(`it ended, having said: ${said.join("\n").slice(-500)}`))
        else return
        lines.off("line", look)
        child.off("close", look)
      }
      lines.on("line", look)
      child.on("close", look)
      look()
    })
  return { child, said, until }
}

const using = <A, E>(
  directory: string,
  use: (store: Store) => Effect.Effect<A, E>,
  mode: "writer" | "reader" = "writer"
): Promise<A> => Effect.runPromise(opened(directory, use, mode))

const failure = (directory: string, mode: "writer" | "reader" = "writer"): Promise<StoreUnavailable> =>
  EventStore.use(({ head }) => head).pipe(
    Effect.provide(EmbeddedEventStore.layer({ directory, mode })),
    Effect.flip,
    Effect.runPromise
  )

const holder = (directory: string) => Effect.runPromise(readHolder(directory))

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe("a second writer", () => {
  it("is told who the first one is, and has the store when that is killed", async () => {
    const directory = newDirectory()
    const first = other("hold", directory)
    await first.until((said) => said.includes("held"))
    const error = await failure(directory)
    expect(error.code).toBe("TST-STORE-IN-USE")
    expect(error.message).toContain(directory)
    expect(error.message).toContain(`process ${first.child.pid}`)
    expect(error.message).toContain("other-process.fixture.ts hold")
    expect(await using(directory, ({ head }) => head, "reader")).toBe(-1)
    await killed(first.child)
    expect(await using(directory, ({ head }) => head)).toBe(-1)
  })

  it("in the same process is refused as well", async () => {
    const directory = newDirectory()
    await using(directory, () =>
      Effect.promise(async () => expect((await failure(directory)).code).toBe("TST-STORE-IN-USE"))
    )
    expect(await using(directory, ({ head }) => head)).toBe(-1)
  })
})

describe("the holder of a store", () => {
  it("is known to others with what it announces, as long as it lives", async () => {
    const directory = newDirectory()
    expect(await holder(directory)).toBeUndefined()
    const first = other("hold", directory)
    await first.until((said) => said.includes("held"))
    const known = await holder(directory)
    expect(known).toEqual({
      pid: first.child.pid,
      command: expect.stringContaining("other-process.fixture.ts hold"),
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      announced: { socket: "/run/testudo.sock" }
    })
    await killed(first.child)
    expect(await holder(directory)).toBeUndefined()
    await using(directory, () => Effect.promise(async () => expect((await holder(directory))?.pid).toBe(process.pid)))
    expect(await holder(directory)).toBeUndefined()
  })

  it("is found even when somebody spoilt its record", async () => {
    const directory = newDirectory()
    await using(directory, () =>
      Effect.promise(async () => {
        for (const record of ["", "{", "null", '{"pid":"1","command":7,"announced":{"api":1,"__proto__":"x"}}']) {
          writeFileSync(join(directory, "writer.json"), record)
          expect(await holder(directory)).toEqual({
            announced: record.includes("__proto__") ? JSON.parse('{"__proto__":"x"}') : {}
          })
          expect((await failure(directory)).message).toContain("another process")
        }
      })
    )
  })
})

describe("a reader beside the writer", () => {
  it("sees history and every append once, in order, soon", async () => {
    const directory = newDirectory()
    await using(directory, (store) =>
      Effect.gen(function* () {
        const written: Array<string> = []
        const append = (count: number) => {
          const events = Array.from({ length: count }, () =>
            NameResolved.propose(randomUUID(), { address: "::1", name: "", outcome: "none" })
          )
          written.push(...events.map(({ id }) => id))
          return store.append("names", events, "any")
        }
        yield* append(1000)
        const reader = other("follow", directory)
        yield* Effect.promise(() => reader.until((said) => said.includes("caught up")))
        expect(reader.said).toEqual([...written, "caught up"])
        const delays: Array<number> = []
        for (let n = 0; n < 20; n++) {
          const start = performance.now()
          yield* append(1 + n)
          yield* Effect.promise(() => reader.until(({ length }) => length === written.length + 1))
          delays.push(performance.now() - start)
          yield* Effect.sleep(n * 5)
        }
        expect(reader.said.filter((line) => line !== "caught up")).toEqual(written)
        expect(reader.said.indexOf("caught up")).toBe(1000)
        expect(reader.said.lastIndexOf("caught up")).toBe(1000)
        expect(delays.sort((left, right) => left - right)[10]).toBeLessThan(1000)
      })
    )
  })

  it("goes on when the writer is killed and another one comes", async () => {
    const directory = newDirectory()
    await using(directory, (store) => store.append("names", [], "no_stream"))
    const reader = other("follow", directory)
    await reader.until((said) => said.includes("caught up"))
    for (let round = 0; round < 2; round++) {
      const writer = other("append", directory)
      await writer.until(({ length }) => length > 20)
      await killed(writer.child)
    }
    const all = await using(directory, (store) => store.readAll({ limit: 1_000_000 }))
    await reader.until(({ length }) => length > all.length)
    expect(reader.said.filter((line) => line !== "caught up")).toEqual(all.map(({ id }) => id))
  })
})

describe("a writer that is killed", () => {
  it("has lost nothing that it acknowledged, at ten random moments, and repeats nothing", async () => {
    const directory = newDirectory()
    const acknowledged = new Map<string, number>()
    for (let kill = 0; kill < 10; kill++) {
      const writer = other("append", directory)
      const lines = 1 + Math.random() * 60
      await writer.until(({ length }) => length > lines)
      await pause(Math.random() * 20)
      await killed(writer.child)
      for (const line of writer.said) {
        const [stream, count] = line.split(" ")
        if (count !== undefined) acknowledged.set(stream!, Number(count))
      }
      const left = await using(directory, ({ head }) => head, "reader")
      await using(directory, (store) =>
        Effect.gen(function* () {
          const all = yield* store.readAll({ limit: 1_000_000 })
          expect(all.at(-1)!.position).toBe(left)
          expect(all.every(({ position }, index) => index === 0 || position > all[index - 1]!.position)).toBe(true)
          for (const [stream, count] of acknowledged) {
            const events = yield* store.readStream(stream, { limit: 1_000_000 })
            expect(events.length).toBeGreaterThanOrEqual(count)
            expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index))
            expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => derivedId(stream, index)))
            expect(all.filter((event) => event.stream === stream)).toEqual(events)
          }
        })
      )
    }
    expect(acknowledged.size).toBe(3)
  }, 600_000)
})

it("what a command was called with is told without its secrets", () => {
  const words = [
    "main.ts",
    "log",
    "copy",
    "esdb://ada:p@ss@host:2113?tls=true",
    "--key",
    "secret",
    "-ksecret",
    "--key=secret"
  ]
  expect(withoutSecrets(words)).toEqual([
    ...["main.ts", "log", "copy", "esdb://…@host:2113?tls=true", "--key", "…", "-k…", "--key=…"]
  ])
  expect(withoutSecrets(["run", "--config", "a@b.yaml", "-k"])).toEqual(["run", "--config", "a@b.yaml", "-k"])
})
