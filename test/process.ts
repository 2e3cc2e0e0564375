/** Real processes for the tests that span folders: started, watched, and never left behind. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")

/** Material that the tests may read and the product does not need: a hub, data files and logs. */
export const shared = resolve(root, "../shared")

const folders: Array<string> = []
const children = new Set<ChildProcess>()

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
})
afterAll(async () => {
  await Promise.all([...children].map((child) => ended(child, () => child.kill("SIGKILL"))))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const ended = (child: ChildProcess, end: () => void): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once("exit", () => done())
    end()
  })

/** A folder of this test file's own, gone when it is through. Short, because sockets are in it. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "tst-"))
  folders.push(folder)
  return folder
}

export interface Finished {
  /** Null when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it has said so far, both streams. */
  readonly output: () => string
  /** Waits until it has said something that matches. Rejects when it ends before, or after the time (ms). */
  readonly says: (pattern: RegExp, within?: number) => Promise<RegExpMatchArray>
  readonly finished: Promise<Finished>
  /** Sends a signal and waits for the end. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Finished>
}

export const start = (
  command: string,
  options: ReadonlyArray<string>,
  settings: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly stdin?: string } = {}
): Running => {
  const child = spawn(command, options, {
    cwd: settings.cwd ?? root,
    env: { ...process.env, ...settings.env },
    stdio: ["pipe", "pipe", "pipe"]
  })
  children.add(child)
  let stdout = ""
  let stderr = ""
  let all = ""
  const listeners = new Set<() => void>()
  const heard = () => {
    for (const listener of listeners) listener()
  }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    all += text
    heard()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
    all += text
    heard()
  })
  child.stdin.on("error", () => {})
  child.stdin.end(settings.stdin ?? "")
  const finished = new Promise<Finished>((done, fail) => {
    child.once("error", fail)
    child.once("close", (status) => {
      children.delete(child)
      done({ status, stdout, stderr })
      heard()
    })
  })
  return {
    child,
    output: () => all,
    finished,
    says: (pattern, within = 90_000) =>
      new Promise((done, fail) => {
        const close = () => {
          clearTimeout(timer)
          listeners.delete(look)
        }
        const look = () => {
          const match = all.match(pattern)
          if (match !== null) {
            close()
            done(match)
          } else if (child.exitCode !== null) {
            close()
            fail(new Error(`${command} ended with ${child.exitCode} before it said ${pattern}:\n${all}`))
          }
        }
        const timer = setTimeout(() => {
          close()
          fail(new Error(`${command} did not say ${pattern} within ${within} ms:\n${all}`))
        }, within)
        listeners.add(look)
        look()
      }),
    stop: async (signal = "SIGTERM") => {
      await ended(child, () => child.kill(signal))
      return finished
    }
  }
}

/** Testudo as a user starts it. `exec` in the launcher makes its process the one that is signalled. */
export const testudo = (...options: ReadonlyArray<string>): Running => start(join(root, "bin/testudo"), options)

/** Runs a command of Testudo to its end. */
export const run = (...options: ReadonlyArray<string>): Promise<Finished> => testudo(...options).finished

/** Waits until a condition holds; rejects after the time (ms) with what it was waiting for. */
export const until = async <A>(
  what: string,
  condition: () => Promise<A | undefined | false> | A | undefined | false,
  { within = 90_000, every = 25 }: { readonly within?: number; readonly every?: number } = {}
): Promise<A> => {
  const end = performance.now() + within
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`waited ${within} ms for ${what}`)
    await new Promise((wake) => setTimeout(wake, every))
  }
}
