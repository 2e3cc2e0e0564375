/**
 * The characters beyond ASCII that become an ASCII letter when their case is changed, by code point, with that letter in
 * lower case: the letters with which an attacker could slip past a search that ignores the case of ASCII only.
 */
export const asciiFold: ReadonlyMap<number, string> = new Map([
  [0x130, "i"],
  [0x131, "i"],
  [0x17f, "s"],
  [0x212a, "k"]
])
