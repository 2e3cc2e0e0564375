import { type Duration, durationType } from "../duration.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { nilType, stringType } from "../type.ts"

const text = stringType

export const stashFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("GetFromStash", [text, text], text, ({ stashes }, stash: string, key: string) => stashes.get(stash, key), {
    effect: "reads"
  }),
  declare(
    "SetInStash",
    [text, text, text, durationType],
    nilType,
    ({ stashes }, stash: string, key: string, value: string, ttl?: Duration) =>
      stashes.set(stash, key, value, ttl?.nanoseconds),
    { required: 3, effect: "writes" }
  )
]
