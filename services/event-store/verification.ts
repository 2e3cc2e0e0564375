/** What a check of a log found. */
export interface Finding {
  /** Where: the event, or the place in the log before which something is wrong; null for the log as a whole. */
  readonly position: number | null
  readonly stream?: string
  readonly revision?: number
  /** What is wrong, for people. */
  readonly message: string
}

export interface Verification {
  readonly events: number
  readonly streams: number
  /** Events that retention dropped. */
  readonly dropped: number
  /** `POSITION-HEX`, where the checked log ends; null for a store without a chain. */
  readonly head: string | null
  /** What is wrong, a hundred at most. Empty: nothing. */
  readonly findings: ReadonlyArray<Finding>
}

const most = 100

/** Collects findings, and keeps track of what every kind of store has to keep: revisions without a gap in each stream. */
export class Findings {
  readonly found: Array<Finding> = []
  readonly #revisions = new Map<string, number>()

  add(finding: Finding): void {
    if (!this.isFull) this.found.push(finding)
  }

  get isFull(): boolean {
    return this.found.length >= most
  }

  get streams(): number {
    return this.#revisions.size
  }

  /** @param first revision of the stream's first event, asked for once a stream */
  revision(
    event: { readonly position: number; readonly stream: string; readonly revision: number },
    first: () => number
  ) {
    const expected = (this.#revisions.get(event.stream) ?? first() - 1) + 1
    this.#revisions.set(event.stream, event.revision)
    if (event.revision === expected) return
    this.at(event, `revision ${event.revision} stands where revision ${expected} belongs`)
  }

  at(
    { position, stream, revision }: { readonly position: number; readonly stream: string; readonly revision: number },
    message: string
  ): void {
    this.add({ position, stream, revision, message })
  }
}
