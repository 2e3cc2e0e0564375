/**
 * Whoever reads what is printed may go away, as `head` does. A command has nobody to tell then, and ends; a node goes on
 * guarding, whatever becomes of its output.
 */
let isNeeded = true

/** From now on this process goes on without anybody who reads what it prints. */
export const outlivesItsReader = (): void => {
  isNeeded = false
}

export const endWithReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (isNeeded) process.exit(code === "EPIPE" ? 0 : 1)
    })
  }
}
