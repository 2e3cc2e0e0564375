import { EvaluationError } from "./error.ts"
import { limit } from "./limit.ts"

/**
 * `*` for any characters, `?` for one byte of them, the whole text. Goes back to the last `*` only, so that it takes at
 * most as many steps as the product of both lengths, and no more than {@link limit.globSteps}.
 */
export const glob = (pattern: string, text: string): boolean =>
  pattern.includes("?") && beyondAscii.test(text)
    ? globBytes(bytesOf(pattern), bytesOf(text))
    : globBytes(pattern, text)

const beyondAscii = /[^\x00-\x7f]/

const encoder = new TextEncoder()

/** A character for each byte. */
const bytesOf = (text: string): string => Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("")

const globBytes = (pattern: string, text: string): boolean => {
  // CrowdSec takes an empty text to fit nothing but an empty pattern and a single star.
  if (text === "") return pattern === "" || pattern === "*"
  let at = 0
  let inPattern = 0
  let star = -1
  let resume = 0
  let steps = 0
  while (at < text.length) {
    steps += 1
    if (steps > limit.globSteps) throw new EvaluationError(`Match took more than ${limit.globSteps} steps`)
    const character = pattern[inPattern]
    if (character === "*") {
      star = inPattern
      resume = at
      inPattern += 1
    } else if (character !== undefined && (character === "?" || character === text[at])) {
      at += 1
      inPattern += 1
    } else if (star >= 0) {
      resume += 1
      at = resume
      inPattern = star + 1
    } else {
      return false
    }
  }
  // At the end of the text one star may still stand for nothing; of several CrowdSec takes none.
  return inPattern === pattern.length || pattern.slice(inPattern) === "*"
}
