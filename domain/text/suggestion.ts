/** "Did you mean": the known word that a mistyped one is nearest to. */

const longest = 64

/** Number of letters to insert, delete, replace or swap with their neighbour to make `left` into `right`. */
const distance = (left: string, right: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (swapped) best = Math.min(best, beforeLast[column - 2]! + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.length]!
}

/** The nearest of the known words, or undefined when none is near: at most a third of the letters may differ. */
export const suggestion = (word: string, known: Iterable<string>): string | undefined => {
  if (word.length > longest) return undefined
  const wanted = word.toLowerCase()
  let nearest: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= least || candidate.length > longest) continue
    const apart = distance(wanted, candidate.toLowerCase())
    if (apart < least) {
      least = apart
      nearest = candidate
    }
  }
  return nearest
}

/** The end of a message about a word that nobody knows: empty when none is near. */
export const didYouMean = (word: string, known: Iterable<string>): string => {
  const near = suggestion(word, known)
  return near === undefined ? "" : `; did you mean ${near}?`
}
