import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LeaseReleased, LeaseRenewed, LeaseTaken } from "../../domain/events/lease.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { takeLease } from "./lease.ts"
import { liveRole } from "./live-role.ts"

const lease = (role: string) => ({ role, node: `of ${role}`, holder: randomUUID(), milliseconds: 400 })

it.live("a role is held by whoever goes on saying so: not by the dead, nor by one that released it", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    assert.isUndefined(yield* liveRole())
    const [dead, gone] = [lease("agent-dead"), lease("agent-gone")]
    for (let n = 0; n < 30; n++) {
      const event = (n === 0 ? LeaseTaken : LeaseRenewed).propose(randomUUID(), dead)
      yield* store.append("lease-agent-dead", [event], "any")
    }
    for (const type of [LeaseTaken, LeaseReleased])
      yield* store.append("lease-agent-gone", [type.propose(randomUUID(), gone)], "any")
    const waited: Array<string> = []
    const onWait = ({ role }: { readonly role: string }) => Effect.sync(() => void waited.push(role))
    assert.isUndefined(yield* liveRole(onWait))
    assert.deepStrictEqual(waited, ["agent-dead"])
    const held = Effect.gen(function* () {
      yield* takeLease({ role: "api", node: "hall1", milliseconds: 2_000 })
      return yield* liveRole()
    })
    assert.strictEqual((yield* Effect.scoped(held))?.node, "hall1")
    assert.isUndefined(yield* liveRole())
  }).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))
)
