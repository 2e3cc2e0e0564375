/** `format`: the version of the rule language that a file is written in. This version reads 1.0 to 3.0. */
import { refined, text } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import { quote } from "../document/report.ts"
import { ruleCodes } from "./rule-code.ts"

export const formatVersion: Reader<string> = refined(text, (format, field, report) => {
  const parts = /^v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?$/.exec(format)
  const [major, minor, patch] = [Number(parts?.[1]), Number(parts?.[2] ?? 0), Number(parts?.[3] ?? 0)]
  const known = parts !== null && major >= 1 && (major < 3 || (major === 3 && minor === 0 && patch === 0))
  if (known) return format
  const message = `\`format\` is ${quote(format)}, but this version reads 1.0 to 3.0`
  return report.error(ruleCodes.format, field, message)
})
