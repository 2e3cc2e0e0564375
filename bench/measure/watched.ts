/** Runs a program and watches what it takes. */
import { spawn } from "node:child_process"
import { type Usage, usageOf } from "./usage.ts"

export interface Taken extends Usage {
  readonly output: string
  readonly seconds: number
}

/** Rejects when the program does not end well. */
export const watched = ([program, ...args]: readonly [string, ...ReadonlyArray<string>]): Promise<Taken> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const running = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    let complaints = ""
    let usage: Usage = { cpuSeconds: 0, peak: 0 }
    // What is known when it ends stays; of its memory nothing is known any more then.
    const look = setInterval(() => {
      const { cpuSeconds, peak } = usageOf(running.pid!) ?? usage
      usage = { cpuSeconds, peak: Math.max(peak, usage.peak) }
    }, 20)
    running.stdout.on("data", (chunk) => {
      output += chunk
    })
    running.stderr.on("data", (chunk) => {
      complaints = `${complaints}${chunk}`.slice(-2_000)
    })
    running.on("error", reject)
    running.on("close", (code) => {
      clearInterval(look)
      if (code !== 0) return reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${complaints}`))
      return resolve({ output, seconds: (performance.now() - start) / 1000, ...usage })
    })
  })
