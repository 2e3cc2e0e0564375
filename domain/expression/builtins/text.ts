import { indexIn, lastIndexIn } from "../../text/text-search.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import {
  byteIndex,
  join,
  lower,
  repeat,
  replace,
  split,
  splitAfter,
  trimLeft,
  trimPrefix,
  trimRight,
  trimSpace,
  trimSuffix,
  upper
} from "../text.ts"
import { arrayOf, boolType, countType, intType, stringType } from "../type.ts"

const text = stringType
const texts = arrayOf(stringType)

export const textBuiltins: ReadonlyArray<FunctionDeclaration> = [
  declare(
    "trim",
    [text, text],
    text,
    (_, value: string, characters?: string) =>
      characters === undefined ? trimSpace(value) : trimRight(trimLeft(value, characters), characters),
    { required: 1 }
  ),
  declare("trimPrefix", [text, text], text, (_, value: string, prefix = " ") => trimPrefix(value, prefix), {
    required: 1
  }),
  declare("trimSuffix", [text, text], text, (_, value: string, suffix = " ") => trimSuffix(value, suffix), {
    required: 1
  }),
  declare("upper", [text], text, (_, value: string) => upper(value)),
  declare("lower", [text], text, (_, value: string) => lower(value)),
  declare(
    "split",
    [text, text, countType],
    texts,
    (_, value: string, by: string, most?: number) => split(value, by, most),
    { required: 2 }
  ),
  declare(
    "splitAfter",
    [text, text, countType],
    texts,
    (_, value: string, by: string, most?: number) => splitAfter(value, by, most),
    { required: 2 }
  ),
  declare(
    "replace",
    [text, text, text, countType],
    text,
    (_, value: string, from: string, to: string, most?: number) => replace(value, from, to, most),
    { required: 3 }
  ),
  declare("repeat", [text, countType], text, (_, value: string, times: number) => repeat(value, times)),
  declare("join", [texts, text], text, (_, parts: ReadonlyArray<unknown>, glue = "") => join(parts, glue), {
    required: 1
  }),
  declare("indexOf", [text, text], intType, (_, value: string, part: string) => byteIndex(value, indexIn(value, part))),
  declare("lastIndexOf", [text, text], intType, (_, value: string, part: string) =>
    byteIndex(value, lastIndexIn(value, part))
  ),
  declare("hasPrefix", [text, text], boolType, (_, value: string, prefix: string) => value.startsWith(prefix)),
  declare("hasSuffix", [text, text], boolType, (_, value: string, suffix: string) => value.endsWith(suffix))
]
