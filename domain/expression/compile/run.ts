/** What one evaluation keeps: values of `let` and of pointers, and how many steps its predicates took. */
export interface Frame {
  readonly slots: Array<unknown>
  steps: number
}

/** A compiled node. */
export type Run = (scope: object, frame: Frame) => unknown
