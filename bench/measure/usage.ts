/** What a process takes, as the kernel counts it: all threads, and children that ended. */
import { readFileSync } from "node:fs"

export interface Usage {
  readonly cpuSeconds: number
  /** The most memory that it ever had, in MB; 0 while it ends. */
  readonly peak: number
}

const ticksPerSecond = 100

/** Undefined when the process has ended, or this is no Linux. */
export const usageOf = (pid: number): Usage | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    const counted = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
      .slice(11, 15)
    return {
      cpuSeconds: counted.reduce((sum, count) => sum + Number(count), 0) / ticksPerSecond,
      peak: Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024
    }
  } catch {
    return undefined
  }
}
