/** The way of an event through the nodes of all stages (spec detection.md §2.3). */
import type { Node, Watch } from "./node.ts"
import { ParseAborted, type Pass } from "./pass.ts"

/** A root node and where it stands. */
export interface StagedNode {
  readonly stage: string
  readonly node: Node
}

export class Stages {
  /** Names of the stages that have a node, sorted. */
  readonly #names: ReadonlyArray<string>
  readonly #nodes: ReadonlyMap<string, ReadonlyArray<Node>>
  readonly #next: (stage: string) => string

  constructor(nodes: ReadonlyArray<StagedNode>) {
    const names = [...new Set(nodes.map(({ stage }) => stage))].sort()
    this.#names = names
    this.#nodes = new Map(
      names.map((name) => [name, nodes.flatMap(({ stage, node }) => (stage === name ? [node] : []))])
    )
    const following = new Map(names.map((name, index) => [name, names[index + 1] ?? name]))
    this.#next = (stage) => following.get(stage) ?? stage
  }

  /**
   * Runs the event through; whether the last stage took it is then in `evt.Process`. Throws `NameUnknown` when the
   * event must wait for a host name; it is half-parsed then.
   */
  parse(pass: Pass, watch?: Watch): void {
    const { evt } = pass
    evt.Process = false
    try {
      evt.Process = this.#run(pass, watch)
    } catch (signal) {
      if (!(signal instanceof ParseAborted)) throw signal
    }
  }

  #run(pass: Pass, watch: Watch | undefined): boolean {
    const { evt } = pass
    evt.Stage = this.#names[0] ?? ""
    for (const stage of this.#names) {
      // A node may have moved the event further than the next stage.
      if (evt.Stage > stage && this.#nodes.has(evt.Stage)) continue
      // Nobody moved it on.
      if (evt.Stage !== stage) return false
      let taken = false
      for (const node of this.#nodes.get(stage)!) {
        const success = node.process(pass, this.#next)
        watch?.(stage, node.name, evt, success)
        if (success) taken = true
        if (success && node.movesOn) break
        if (evt.Stage !== stage) break
      }
      if (!taken) return false
    }
    return true
  }
}
