import { onlyMember } from "./character-set.ts"
import { flattened, type Syntax } from "./syntax.ts"

/**
 * Texts that every match contains, in the order in which they stand in the match and without overlap. A text without
 * them needs no regular expression to be refused. Empty when nothing can be said for sure.
 */
export const requiredLiterals = (syntax: Syntax): ReadonlyArray<string> => {
  const finder = new Finder()
  finder.visit(syntax)
  finder.interrupt()
  return finder.literals
}

/** Whether every match begins with the first of its required literals. */
export const beginsWithLiteral = (syntax: Syntax): boolean => {
  const [first] = flattened(syntax)
  return first?.kind === "set" && onlyMember(first.set) !== undefined
}

class Finder {
  readonly literals: Array<string> = []
  #run = ""

  /** Ends a run of characters that surely follow each other. */
  interrupt(): void {
    if (this.#run !== "") this.literals.push(this.#run)
    this.#run = ""
  }

  visit(syntax: Syntax): void {
    switch (syntax.kind) {
      case "empty":
      case "assertion":
        return
      case "set": {
        const only = onlyMember(syntax.set)
        if (only === undefined) this.interrupt()
        else this.#run += String.fromCodePoint(only)
        return
      }
      case "sequence":
        for (const item of syntax.items) this.visit(item)
        return
      case "capture":
        this.visit(syntax.item)
        return
      case "choice":
        this.interrupt()
        return
      case "repeat":
        // The first round continues what stands before it; what follows does not continue the last one for sure.
        if (syntax.min > 0) this.visit(syntax.item)
        if (syntax.min !== 1 || syntax.max !== 1) this.interrupt()
        return
    }
  }
}
