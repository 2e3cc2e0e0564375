/** What one event's groupings give. Scenarios of a kind mostly group by the same expression: it is evaluated once. */
import { attempt } from "./pass.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import type { Scenario } from "./scenario.ts"
import { shortened } from "./shortened.ts"

export class Groups {
  readonly #remembers: boolean
  readonly #evaluated: Array<Scenario["groupBy"]> = []
  readonly #results: Array<string | undefined> = []
  /** How often the event had been written to when they were evaluated. */
  #edits = 0

  constructor(remembers: boolean) {
    this.#remembers = remembers
  }

  /** The next event comes. */
  begin(): void {
    this.#forget(0)
  }

  /** The group that the event belongs to; undefined when the expression fails on it. */
  of(scenario: Scenario, scope: { readonly evt: PipelineEvent }): string | undefined {
    const { groupBy, groupsPurely } = scenario
    if (scope.evt.edits !== this.#edits) this.#forget(scope.evt.edits)
    const known = this.#remembers && groupsPurely ? this.#evaluated.indexOf(groupBy) : -1
    if (known >= 0) return this.#results[known]
    const group = attempt(groupBy!, scope)
    const result = typeof group === "string" ? shortened(group) : undefined
    if (groupsPurely) {
      this.#evaluated.push(groupBy)
      this.#results.push(result)
    }
    return result
  }

  /** The event was written to. */
  #forget(edits: number): void {
    this.#edits = edits
    this.#evaluated.length = 0
    this.#results.length = 0
  }
}
