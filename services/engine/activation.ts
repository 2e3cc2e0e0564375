/** Making rules those that count from here on. */
import * as Effect from "effect/Effect"
import { derivedId } from "../../domain/events/derived-id.ts"
import { RulesetActivated } from "../../domain/events/ruleset.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import { recordContent } from "./content.ts"
import type { Rules } from "./rulebook.ts"

/**
 * Records the text of the files and appends `RulesetActivated` to a stream of rulesets, unless they are what is active
 * there; waits for a store that cannot take it now. True when it did, also when that is found in the log only after an
 * answer was lost.
 */
export const recordActivation = (stream: string, { hash, activation }: Rules, files: ReadonlyArray<RuleFile>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    let activated = false
    yield* atEnd(store, stream, ({ last, revision }) =>
      Effect.gen(function* () {
        const isShown = last !== undefined && last.revision === revision
        if (isShown && RulesetActivated.is(last) && last.data.hash === hash) return
        activated = true
        yield* recordContent(files)
        const event = RulesetActivated.propose(derivedId(stream, hash, revision + 1), activation)
        yield* store.append(stream, [event], expectedBehind({ revision }))
      })
    ).pipe(patiently)
    return activated
  })
