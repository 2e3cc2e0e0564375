/** How long a reader waits for what may still happen to a log. Times in milliseconds. */
export interface Patience {
  /** After a rotation, how long nothing may be written to the old file before reading goes on to the new one. */
  readonly rotated: number
  /** How long both files may grow before reading goes on anyway. */
  readonly bothWritten: number
  /** How long an old file is still looked at when nothing is written to it, after reading has gone on to the new one. */
  readonly late: number
  /** When something still comes to an old file so long after that, its writer was not told of the rotation. */
  readonly stillWritten: number
  /** How long a deleted file is held open when nothing is written to it. */
  readonly deleted: number
  /**
   * The same of a file that a pattern found and that was moved away, with no new one at its path. Whoever archives logs
   * under a pattern would else have all of them held open for ever.
   */
  readonly moved: number
}

export const usualPatience: Patience = {
  rotated: 1_000,
  bothWritten: 5_000,
  late: 300_000,
  stillWritten: 60_000,
  deleted: 10_000,
  moved: 86_400_000
}
