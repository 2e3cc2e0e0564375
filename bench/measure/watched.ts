/** Runs a program and watches what it takes, as the kernel counts it: all threads, and children that ended. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

export interface Taken {
  readonly output: string
  readonly seconds: number
  readonly cpuSeconds: number
  /** The most memory that it ever had, in MB. */
  readonly peak: number
}

const ticksPerSecond = 100

/** Rejects when the program does not end well. */
export const watched = ([program, ...args]: readonly [string, ...ReadonlyArray<string>]): Promise<Taken> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const running = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    let complaints = ""
    let peak = 0
    let ticks = 0
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${running.pid}/status`, "utf8")
        peak = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? peak * 1024) / 1024
        const counted = readFileSync(`/proc/${running.pid}/stat`, "utf8")
          .replace(/^.*\) /, "")
          .split(" ")
          .slice(11, 15)
        ticks = counted.reduce((sum, count) => sum + Number(count), 0)
      } catch {
        // It has ended, or this is no Linux: what is known stays.
      }
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
      return resolve({ output, seconds: (performance.now() - start) / 1000, cpuSeconds: ticks / ticksPerSecond, peak })
    })
  })
