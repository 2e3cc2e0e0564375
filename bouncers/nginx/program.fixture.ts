/** Programs that the tests start and signal; the bouncer is one, run by Deno with the rights that it asks for. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { variables } from "./configuration.ts"

const here = dirname(fileURLToPath(import.meta.url))

export const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> => {
  const deadline = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A program in a process group of its own, so that a signal reaches it through any wrapper. */
export class Program {
  readonly #child: ChildProcess
  output = ""
  exitCode: number | null | undefined

  constructor(command: string, args: ReadonlyArray<string>, env: Record<string, string>) {
    this.#child = spawn(command, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...env }
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString()
      })
    this.#child.on("exit", (code) => {
      this.exitCode = code
    })
    this.#child.on("error", (error) => {
      this.output += error.message
      this.exitCode = null
    })
  }

  signal(signal: NodeJS.Signals): void {
    if (this.exitCode === undefined && this.#child.pid !== undefined) process.kill(-this.#child.pid, signal)
  }

  async exited(ms = 30_000): Promise<number | null> {
    await until(`the end of the program; it said: ${this.output}`, () => this.exitCode !== undefined, ms)
    return this.exitCode!
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL")
    await this.exited()
  }
}

export const startBouncer = (env: Record<string, string>): Program => {
  const deno = join(here, "../../node_modules/.bin/deno")
  if (!existsSync(deno)) throw new Error("Deno is missing: run npm install")
  const read = env["TESTUDO_API_KEY_FILE"] === undefined ? [] : [`--allow-read=${env["TESTUDO_API_KEY_FILE"]}`]
  return new Program(
    deno,
    [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-env=${variables.join(",")}`,
      ...read,
      join(here, "main.ts")
    ],
    env
  )
}
