import type { CharacterSet } from "./character-set.ts"
import { between, LAST_CODE_POINT } from "./character-set.ts"
import { asciiFold } from "../text/ascii-fold.ts"
import { flattened, type Syntax } from "./syntax.ts"

/**
 * Texts of which every match contains at least one, if the case of letters does not count (`ſ` is an S then, see
 * `asciiFold`); in lower case. undefined when nothing can be said. Unlike `requiredLiterals`, all of which a match
 * contains, it sees through alternatives and through `(?i)`.
 */
export const alternativeLiterals = (syntax: Syntax): ReadonlyArray<string> | undefined => {
  switch (syntax.kind) {
    case "empty":
    case "assertion":
      return undefined
    case "set":
    case "sequence":
      return ofSequence(flattened(syntax))
    case "capture":
      return alternativeLiterals(syntax.item)
    case "choice": {
      const each = syntax.items.map(alternativeLiterals)
      return each.every((literals) => literals !== undefined) ? each.flat() : undefined
    }
    case "repeat":
      return syntax.min > 0 ? alternativeLiterals(syntax.item) : undefined
  }
}

const ofSequence = (items: ReadonlyArray<Syntax>): ReadonlyArray<string> | undefined => {
  let best: ReadonlyArray<string> | undefined
  let run = ""
  const consider = (literals: ReadonlyArray<string> | undefined) => {
    if (literals !== undefined && shortest(literals) > shortest(best ?? [""])) best = literals
  }
  for (const item of items) {
    const letter = item.kind === "set" ? letterOf(item.set) : undefined
    if (letter !== undefined) {
      run += letter
      continue
    }
    // An assertion takes no room between two letters.
    if (item.kind === "assertion" || item.kind === "empty") continue
    consider([run])
    run = ""
    if (item.kind !== "set") consider(alternativeLiterals(item))
  }
  consider([run])
  return best
}

/** The length that decides how much a choice of literals tells. */
export const shortest = (literals: ReadonlyArray<string>): number =>
  literals.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY)

/** The one character that a set holds, whatever its case, in lower case; it is an ASCII character. */
const letterOf = (set: CharacterSet): string | undefined => {
  const ascii = between(set, 0, 127)
  const [first, second = first] = [ascii[0], ascii[2]].flatMap((code) =>
    code === undefined ? [] : [String.fromCharCode(code).toLowerCase()]
  )
  const single = ascii.length <= 4 && ascii[0] === ascii[1] && ascii[2] === ascii[3] && first === second
  return single && between(set, 128, LAST_CODE_POINT).every((code) => asciiFold.get(code) === first) ? first : undefined
}
