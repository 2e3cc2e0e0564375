/**
 * A value as JSON for programs. It may be shown on a terminal all the same, so what that would obey is escaped, beyond what
 * JSON asks for; who reads it as JSON gets the same value.
 */
export const jsonText = (value: unknown, replacer?: (key: string, value: unknown) => unknown): string =>
  JSON.stringify(value, replacer).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
