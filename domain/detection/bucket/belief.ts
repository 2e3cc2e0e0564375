/** What a bayesian bucket has come to believe: how likely its events are an attack. */
export class Belief {
  /** Which guillotine conditions have come true, by their index: they are not asked again. */
  readonly proven = new Set<number>()
  /** After the last event, 0 to 1; undefined until the next one when the engine was started anew. */
  probability: number | undefined
}
