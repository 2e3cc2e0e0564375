import fc from "fast-check"
import { expect, test } from "vitest"
import { compilePattern } from "../grok/pattern.ts"
import { DataFileSet } from "./data-files.ts"
import { ruleFile } from "./recorded.fixture.ts"

const word = fc.constantFrom("bot", "Bot", "(?i)sqlmap", "(?:curl|wget)/[0-9]", "^$", "[a-c]{2}", "cla.s", "k")
const subject = fc
  .array(fc.constantFrom("bot", "SQLMap", "curl/7", "ab", "cla\u017fs", "\u212a", "x", " "), { maxLength: 4 })
  .map((parts) => parts.join(""))

test("a list of patterns matches what one of them matches", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), fc.array(subject), (patterns, subjects) => {
      const files = new DataFileSet([ruleFile("data", "list.txt", patterns.join("\n"))])
      files.load({ destFile: "list.txt", type: "regexp", sourceUrl: "", line: 1 } as never, "rule.yaml")
      const each = patterns.map((source) => compilePattern(source))
      for (const text of subjects)
        expect(files.matches("list.txt", text)).toBe(each.some((pattern) => pattern.test(text)))
    })
  )
})
