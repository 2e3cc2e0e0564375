/** The way of an event through the nodes of all stages. */
import { after, Candidates } from "../filter/candidates.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import type { Node } from "./node.ts"
import { ParseAborted, type Pass } from "../pass.ts"

/** A root node and where it stands. */
export interface StagedNode {
  readonly stage: string
  readonly node: Node
}

/** What is seen of an event's way: for explanations and tests of rules. */
export interface Watch {
  /** The event has come to a stage, which may be another one's than its own. */
  readonly stage?: (stage: string) => void
  /** One node's work on it. */
  readonly node?: (stage: string, node: string, event: PipelineEvent, success: boolean) => void
}

export class Stages {
  readonly #stages: ReadonlyArray<Stage>
  readonly #names: ReadonlySet<string>
  readonly #next: (stage: string) => string

  /** `shortcuts` false: the filter of every node sees every event. */
  constructor(nodes: ReadonlyArray<StagedNode>, shortcuts: boolean) {
    const names = [...new Set(nodes.map(({ stage }) => stage))].sort()
    this.#names = new Set(names)
    this.#stages = names.map(
      (name) =>
        new Stage(
          name,
          nodes.flatMap(({ stage, node }) => (stage === name ? [node] : [])),
          shortcuts
        )
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
    const stages = this.#stages
    evt.Stage = stages[0]?.name ?? ""
    for (let i = 0; i < stages.length; i++) {
      const stage = stages[i]!
      watch?.stage?.(stage.name)
      if (evt.Stage !== stage.name) {
        // A node may have moved the event further than the next stage; else nobody moved it on.
        if (evt.Stage > stage.name && this.#names.has(evt.Stage)) continue
        return false
      }
      const taken = watch === undefined ? stage.run(pass, this.#next) : stage.runWatched(pass, this.#next, watch)
      if (!taken) return false
    }
    return true
  }
}

/** The nodes of one stage, in their order. */
class Stage {
  readonly name: string
  readonly #nodes: ReadonlyArray<Node>
  readonly #candidates: Candidates<Node>
  /** By their place: what they may write decides which of the others the event concerns. */
  readonly #unsettling: ReadonlyArray<boolean>

  constructor(name: string, nodes: ReadonlyArray<Node>, shortcuts: boolean) {
    this.name = name
    this.#nodes = nodes
    this.#candidates = new Candidates(nodes, shortcuts)
    const { fields } = this.#candidates
    this.#unsettling = nodes.map((node) => fields.some((field) => node.writes(field)))
  }

  /** Whether any node took the event. */
  run(pass: Pass, next: (stage: string) => string): boolean {
    const { evt } = pass
    let { edits } = evt
    let taken = false
    let candidates = this.#candidates.of(evt)
    for (let i = 0; i < candidates.length; i++) {
      const { rule: node, place, holds } = candidates[i]!
      if (node.process(pass, next, holds)) {
        taken = true
        if (node.movesOn) break
      }
      if (evt.Stage !== this.name) break
      if (evt.edits === edits && !this.#unsettling[place]) continue
      edits = evt.edits
      candidates = after(place, this.#candidates.of(evt))
      i = -1
    }
    return taken
  }

  /** The same for somebody who wants to see every node. */
  runWatched(pass: Pass, next: (stage: string) => string, watch: Watch): boolean {
    const { evt } = pass
    let taken = false
    for (const node of this.#nodes) {
      const success = node.process(pass, next)
      watch.node?.(this.name, node.name, evt, success)
      if (success) taken = true
      if ((success && node.movesOn) || evt.Stage !== this.name) break
    }
    return taken
  }
}
