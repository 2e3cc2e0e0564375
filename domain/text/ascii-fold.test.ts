import { expect, test } from "vitest"
import { lower, upper } from "../expression/text.ts"
import { caseFolded } from "../grok/character-set.ts"
import { asciiFold } from "./ascii-fold.ts"

test("these characters fold into ASCII, and no others", () => {
  const folding = new Map<number, string>()
  for (let code = 0x80; code < 0x11_0000; code++) {
    const character = String.fromCodePoint(code)
    for (const folded of [upper(character), lower(character), upper(lower(character)), lower(upper(character))])
      if (folded.charCodeAt(0) < 0x80) folding.set(code, folded.toLowerCase())
  }
  expect(folding).toEqual(asciiFold)
})

test("patterns that ignore case take no others either", () => {
  for (let code = 0; code < 0x80; code++) {
    const letter = String.fromCharCode(code).toLowerCase()
    for (const bound of caseFolded([code, code])) if (bound > 0x7f) expect(asciiFold.get(bound)).toBe(letter)
  }
})
