/** One test that every runtime runs: Node through vitest, Deno through its own test runner. */
export interface Case {
  readonly name: string
  readonly run: () => void | Promise<void>
}
