/** What a scenario's `groupby` gave for an event, such as an address: each group has a bucket of its own. */

const unknown = -1

/**
 * It knows where its buckets were last, of one scenario for each remainder of four of the scenarios' places; another
 * group's bucket may be there by now. Four fields, because a list would be as large again as all the rest of it.
 */
export class Group {
  readonly text: string
  #first = unknown
  #second = unknown
  #third = unknown
  #fourth = unknown

  constructor(text: string) {
    this.text = text
  }

  /** The cell where the bucket of the scenario at this place may be; -1 when nothing is known. */
  cellOf(place: number): number {
    const remainder = place & 3
    if (remainder === 0) return this.#first
    if (remainder === 1) return this.#second
    return remainder === 2 ? this.#third : this.#fourth
  }

  keep(place: number, cell: number): void {
    const remainder = place & 3
    if (remainder === 0) this.#first = cell
    else if (remainder === 1) this.#second = cell
    else if (remainder === 2) this.#third = cell
    else this.#fourth = cell
  }
}

/** Of a scenario that has one bucket for all events. */
export const everything = new Group("")
