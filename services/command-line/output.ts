/**
 * Whoever reads what is printed may go away, as `head` does. A command has nobody to tell then, and ends; a node goes
 * on guarding, whatever becomes of its output. What cannot be written for another reason (a full disk) is a failure.
 */
let isNeeded = true
/** What became of standard output, by its own notice: a stream onto a file or a device does not keep its error. */
let noticed: Error | null = null

/** From now on this process goes on without anybody who reads what it prints. */
export const outlivesItsReader = (): void => {
  isNeeded = false
}

const codeOf = (error: Error): string | undefined => (error as NodeJS.ErrnoException).code

/**
 * The line for a person when what was printed last did not arrive; undefined when it did, or nobody was left to read
 * it.
 */
export const outputFailure = (): string | undefined => {
  const error = process.stdout.errored ?? noticed
  if (error === null || codeOf(error) === "EPIPE" || !isNeeded) return undefined
  return `testudo: What is printed cannot be written (${codeOf(error)}): look at the disk or the device that it goes to. (TST-CLI-OUTPUT)`
}

export const endWithReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (!isNeeded) return
      if (stream === process.stdout) noticed = error
      const failure = outputFailure()
      if (failure !== undefined) console.error(failure)
      process.exit(codeOf(error) === "EPIPE" ? 0 : 1)
    })
  }
}
