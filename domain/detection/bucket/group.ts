/** What a scenario's `groupby` gave for an event, such as an address: each group has a bucket of its own. */

/** Of so many scenarios a group knows where its bucket is; a power of two. */
const mostKnown = 4
const unknown = -1

export class Group {
  readonly text: string
  /** Cells where buckets of this group were last, by the places of their scenarios: they may be another group's by now. */
  readonly #cells: Array<number> = new Array<number>(mostKnown).fill(unknown)

  constructor(text: string) {
    this.text = text
  }

  /** Where the bucket of the scenario at this place may be; -1 when nothing is known. */
  cellOf(place: number): number {
    return this.#cells[place & (mostKnown - 1)]!
  }

  keep(place: number, cell: number): void {
    this.#cells[place & (mostKnown - 1)] = cell
  }
}

/** Of a scenario that has one bucket for all events. */
export const everything = new Group("")
