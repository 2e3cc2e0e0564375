import { obeyed } from "../../domain/text/printable.ts"

/**
 * A value as JSON for programs. It may be shown on a terminal all the same, so what that would obey is escaped, beyond what
 * JSON asks for; who reads it as JSON gets the same value.
 */
export const jsonText = (value: unknown, replacer?: (key: string, value: unknown) => unknown): string =>
  JSON.stringify(value, replacer).replace(
    obeyed,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
