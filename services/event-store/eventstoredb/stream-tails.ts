/**
 * The ids at the end of each stream, as far as this process has seen them.
 *
 * The server's own check of ids is no help where a batch mixes known and new ones: depending on their order it writes a
 * duplicate, refuses, or never answers. So such a batch is not sent.
 */
import { AppendRefused } from "../event-store.ts"
import type { Proposal } from "../proposal.ts"

/** So many events at the end of a stream are looked at. */
export const tailLength = 32
/** The streams that were written to last are remembered. */
const rememberedStreams = 2_000

interface Tail {
  /** Revision of the last event, -1 for an empty stream. */
  readonly revision: number
  /** Revisions by id. */
  readonly ids: ReadonlyMap<string, number>
}

export class StreamTails {
  readonly #tails = new Map<string, Tail>()

  /** Revision of the last event that is known of a stream; undefined when nothing is. */
  end(stream: string): number | undefined {
    return this.#tails.get(stream)?.revision
  }

  /** Takes over what a stream ends with: events with contiguous revisions, the last one last. */
  learn(stream: string, events: ReadonlyArray<{ readonly id: string; readonly revision: number }>): void {
    const revision = events.at(-1)?.revision ?? -1
    const known = this.#tails.get(stream)
    const isNext = known !== undefined && known.revision + 1 === events[0]?.revision
    const all = [...(isNext ? known.ids : []), ...events.map(({ id, revision }) => [id, revision] as const)]
    this.#tails.delete(stream)
    this.#tails.set(stream, { revision, ids: new Map(all.slice(-tailLength)) })
    if (this.#tails.size > rememberedStreams) this.#tails.delete(this.#tails.keys().next().value!)
  }

  forget(stream: string): void {
    this.#tails.delete(stream)
  }

  /**
   * Why the events cannot be appended: some, but not all, are there, or all in another order.
   * @param atEnd the append expects the end that is known: even a whole repetition would be a duplicate there
   */
  refusal(stream: string, events: ReadonlyArray<Proposal>, atEnd: boolean): AppendRefused | undefined {
    const ids = this.#tails.get(stream)?.ids
    const places = ids === undefined ? [] : events.flatMap(({ id }) => ids.get(id) ?? [])
    if (places.length === 0) return undefined
    const isRepetition = places.length === events.length && places.every((place, index) => place === places[0]! + index)
    if (isRepetition && !atEnd) return undefined
    return mixed(stream, places.length, events.length, places[0]!)
  }
}

export const mixed = (stream: string, known: number, all: number, revision: number): AppendRefused =>
  new AppendRefused({
    stream,
    message:
      `Of ${all} events, ${known} are in ${JSON.stringify(stream)} already (the first at revision ${revision}): a repeated ` +
      "append has to be the same as the first time. Append what is missing."
  })
