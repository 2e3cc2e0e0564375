/** One event's way through the stages. It is also the scope in which expressions find `evt`. */
import { EvaluationError } from "../expression/error.ts"
import type { Arrival } from "./detection-time.ts"
import type { PipelineEvent } from "./event/pipeline-event.ts"
import type { World } from "./world/world.ts"

export interface Pass {
  readonly evt: PipelineEvent
  readonly world: World
  /** What the ParseDate method found; undefined while there is no date. */
  date: ParsedDate | undefined
  readonly arrival: Arrival
  /** Only what rules read is written: see `liveness.ts`. */
  readonly lean: boolean
}

export interface ParsedDate {
  /** Milliseconds since 1970; undefined for text that is no date. */
  readonly instant: number | undefined
  /** What the method made of it, as `evt.Enriched.MarshaledTime` has it. */
  readonly text: string
}

/** The event cannot be parsed any further: a static gave something that no field can hold. */
export class ParseAborted {}
export const parseAborted = new ParseAborted()

/** The event can only go on when the host name of this address, or the addresses of this host, are known. */
export class NameUnknown {
  readonly question: string
  constructor(question: string) {
    this.question = question
  }
}

/**
 * Evaluates; a failure on the values that were met, which whoever writes the log can provoke, gives `failed`. The two
 * signals of this file and programming errors pass through.
 */
export const attempt = (evaluate: (scope: object) => unknown, scope: object): unknown => {
  try {
    return evaluate(scope)
  } catch (error) {
    if (error instanceof EvaluationError) return failed
    throw error
  }
}

export const failed: unique symbol = Symbol("failed")
