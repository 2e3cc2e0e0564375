import { type Duration, durationType } from "../duration.ts"
import type { Environment } from "../environment.ts"
import { variable } from "../environment.ts"
import { crowdsecFunctions } from "../functions/catalogue.ts"
import type { Time } from "../time.ts"
import { timeType } from "../time.ts"
import type { StructType } from "../type.ts"
import { arrayOf, boolType, field, intType, method, stringType, struct } from "../type.ts"
import type { EventObject, EventScope, OverflowObject } from "./event.ts"
import { eventType, overflowType } from "./event.ts"

/** The events that a bucket holds, oldest first. */
export interface QueueObject {
  readonly Queue: ReadonlyArray<EventObject>
  /** Its limit; -1: none. */
  readonly L: number
  /** See `Field.select`. */
  readonly select: (key: object, passes: (event: unknown) => boolean) => ReadonlyArray<EventObject>
}

export interface LeakyObject {
  readonly Name: string
  readonly Mapkey: string
  /** Events poured since it exists, leaked ones included. */
  readonly Total_count: number
  readonly Capacity: number
  readonly CacheSize: number
  readonly Leakspeed: Duration
  /** How long it lives: after its last event or, when the rule has a `duration`, after its first. */
  readonly Duration: Duration
  readonly First_ts: Time
  readonly Last_ts: Time
  readonly Ovflw_ts: Time
  readonly Reprocess: boolean
  readonly Simulated: boolean
  readonly Uuid: string
}

const queueType: StructType = struct("Queue", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/pipeline.Queue",
  fields: () => ({
    Queue: {
      ...field(arrayOf(eventType), (queue: QueueObject) => queue.Queue),
      select: (queue: QueueObject, key, passes) => queue.select(key, passes)
    },
    L: field(intType, (queue: QueueObject) => queue.L)
  }),
  methods: () => ({ GetQueue: method([], arrayOf(eventType), (queue: QueueObject) => queue.Queue) })
})

const leakyType: StructType = struct("Leaky", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/leakybucket.Leaky",
  fields: () => ({
    Name: field(stringType, (leaky: LeakyObject) => leaky.Name),
    Mapkey: field(stringType, (leaky: LeakyObject) => leaky.Mapkey),
    Total_count: field(intType, (leaky: LeakyObject) => leaky.Total_count),
    Capacity: field(intType, (leaky: LeakyObject) => leaky.Capacity),
    CacheSize: field(intType, (leaky: LeakyObject) => leaky.CacheSize),
    Leakspeed: field(durationType, (leaky: LeakyObject) => leaky.Leakspeed),
    Duration: field(durationType, (leaky: LeakyObject) => leaky.Duration),
    First_ts: field(timeType, (leaky: LeakyObject) => leaky.First_ts),
    Last_ts: field(timeType, (leaky: LeakyObject) => leaky.Last_ts),
    Ovflw_ts: field(timeType, (leaky: LeakyObject) => leaky.Ovflw_ts),
    Reprocess: field(boolType, (leaky: LeakyObject) => leaky.Reprocess),
    Simulated: field(boolType, (leaky: LeakyObject) => leaky.Simulated),
    Uuid: field(stringType, (leaky: LeakyObject) => leaky.Uuid)
  })
})

export interface BucketScope extends EventScope {
  readonly queue: QueueObject
  readonly leaky: LeakyObject
}

/** `condition` of a scenario and the conditions of bayesian buckets. */
export const bucketEnvironment: Environment = {
  name: "bucket",
  variables: new Map([
    ["evt", variable(eventType, (scope: BucketScope) => scope.evt)],
    ["queue", variable(queueType, (scope: BucketScope) => scope.queue)],
    ["leaky", variable(leakyType, (scope: BucketScope) => scope.leaky)]
  ]),
  functions: crowdsecFunctions
}

export interface OverflowScope {
  readonly queue: QueueObject
  readonly leaky: LeakyObject
  readonly signal: OverflowObject
}

/** `overflow_filter` of a scenario. */
export const overflowEnvironment: Environment = {
  name: "overflow",
  variables: new Map([
    ["queue", variable(queueType, (scope: OverflowScope) => scope.queue)],
    ["leaky", variable(leakyType, (scope: OverflowScope) => scope.leaky)],
    ["signal", variable(overflowType, (scope: OverflowScope) => scope.signal)]
  ]),
  functions: crowdsecFunctions
}
