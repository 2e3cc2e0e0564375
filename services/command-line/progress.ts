/** A progress bar on a terminal's standard error: one line, redrawn at most ten times a second. */
import type { ColdProgress } from "../acquisition/cold-files.ts"

const width = 30
const betweenMs = 100

export const progressBar = (
  shown: boolean
): { readonly show: (progress: ColdProgress) => void; readonly clear: () => void } => {
  let last = Number.NEGATIVE_INFINITY
  let drawn = false
  return {
    show: ({ done, total }) => {
      const now = performance.now()
      if (!shown || now - last < betweenMs) return
      last = now
      drawn = true
      const amount = `${(done / 1e6).toFixed(1)} MB`
      if (total === undefined || total === 0) {
        process.stderr.write(`\r${amount} read\x1b[K`)
        return
      }
      const part = Math.min(1, done / total)
      const full = Math.round(part * width)
      const bar = "█".repeat(full) + "░".repeat(width - full)
      process.stderr.write(`\r${bar} ${Math.round(part * 100)} %  ${amount}\x1b[K`)
    },
    clear: () => {
      if (drawn) process.stderr.write("\r\x1b[K")
      drawn = false
    }
  }
}
