/** What of a log is beyond the rules of retention at a moment: a fold over its events. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { offenderStreams } from "../../domain/events/stream-name.ts"
import type { RetentionRules } from "./retention.ts"

export interface Beyond {
  readonly batches: number
  /** Of their compressed lines. */
  readonly bytes: number
  readonly dossiers: number
}

export class Overdue {
  readonly #recordedAt: Array<number> = []
  readonly #bytes: Array<number> = []
  /** When the last event of each dossier was recorded. */
  readonly #dossiers = new Map<string, number>()

  add(event: TestudoEvent): void {
    if (LogBatchAppended.is(event)) {
      this.#recordedAt.push(event.recordedAt)
      this.#bytes.push(event.data.body.length)
    } else if (event.stream.startsWith(offenderStreams)) this.#dossiers.set(event.stream, event.recordedAt)
  }

  /** More than will go at once: whole segments go, the last batch of a source stays, and so does a decision that holds. */
  beyond({ linesAge, linesBytes, dossiersAge }: RetentionRules, now: number): Beyond {
    const oldest = now - (linesAge ?? Number.POSITIVE_INFINITY)
    const most = linesBytes ?? Number.POSITIVE_INFINITY
    let left = this.#bytes.reduce((sum, bytes) => sum + bytes, 0)
    let batches = 0
    let bytes = 0
    while (batches < this.#bytes.length && (left > most || this.#recordedAt[batches]! < oldest)) {
      bytes += this.#bytes[batches]!
      left -= this.#bytes[batches]!
      batches++
    }
    const silent = now - (dossiersAge ?? Number.POSITIVE_INFINITY)
    const dossiers = [...this.#dossiers.values()].filter((last) => last < silent).length
    return { batches, bytes, dossiers }
  }
}
