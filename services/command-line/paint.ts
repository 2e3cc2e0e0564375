/** Colours for a terminal, by what they mean. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly faint: (text: string) => string
}

export const plain: Paint = { good: (text) => text, bad: (text) => text, faint: (text) => text }

const colour = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`

/** None where nobody would see them, or nobody wants them (https://no-color.org). */
export const paintOf = (stream: { readonly isTTY?: boolean }): Paint =>
  stream.isTTY === true && (process.env["NO_COLOR"] ?? "") === ""
    ? { good: colour(32), bad: colour(31), faint: colour(2) }
    : plain
