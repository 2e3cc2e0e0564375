/** What one event does to one bucket: the processors in CrowdSec's fixed order. */
import type { Bucket } from "./bucket.ts"
import type { EventQueue } from "./event-queue.ts"
import { attempt, failed } from "../pass.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import { queuedOf } from "../event/queued-event.ts"
import { shortened } from "../shortened.ts"

/** What became of the bucket. */
export type Fate = "open" | "overflowed" | "cancelled"

export const pour = (bucket: Bucket, event: PipelineEvent): Fate => {
  const { rule, limiter, distinct, cancelOn, condition, bayesian, recalls } = bucket.scenario
  if (rule.type === "trigger") {
    bucket.take(event)
    bucket.add(queuedOf(event))
    return overflow(bucket, event.at)
  }
  scope.evt = event
  scope.queue = bucket
  scope.leaky = bucket
  if (distinct !== undefined) {
    const value = attempt(distinct, scope)
    if (typeof value === "string" ? !bucket.isNew(shortened(value)) : value !== failed && !bucket.isNew(""))
      return "open"
  }
  if (cancelOn !== undefined && attempt(cancelOn, scope) === true) return "cancelled"
  bucket.take(event)
  const conditional = rule.type === "conditional"
  const full = !conditional && !limiter.allow(bucket, event.at)
  const queued = queuedOf(event, bucket.Queue[0])
  if (recalls !== undefined) queued.recall(recalls)
  bucket.add(queued)
  if (full) overflow(bucket, event.at)
  let fate: Fate = full ? "overflowed" : "open"
  if (condition !== undefined && attempt(condition, scope) === true) fate = overflow(bucket, bucket.last)
  if (bayesian !== undefined && posterior(bucket, scope) > Math.fround(bayesian.threshold))
    fate = overflow(bucket, bucket.last)
  return fate
}

/** What expressions see; one for all pours, of which there is never more than one at a time. */
const scope = {} as { evt: PipelineEvent; queue: EventQueue; leaky: Bucket }

const overflow = (bucket: Bucket, at: number): Fate => {
  bucket.overflowed = at
  return "overflowed"
}

/** How likely it is an attack after this event; in 32-bit floats, as CrowdSec reckons. */
const posterior = (bucket: Bucket, scope: object): number => {
  const { prior, conditions } = bucket.scenario.bayesian!
  const { belief } = bucket
  let probability = Math.fround(prior)
  for (const [index, { evaluate, evil, benign, guillotine }] of conditions.entries()) {
    let holds: unknown = true
    if (!(guillotine && belief.proven.has(index))) {
      holds = attempt(evaluate, scope)
      if (typeof holds !== "boolean") continue
      if (guillotine && holds) belief.proven.add(index)
    }
    probability = holds
      ? update(probability, evil, benign)
      : update(probability, 1 - Math.fround(evil), 1 - Math.fround(benign))
  }
  belief.probability = probability
  return probability
}

const update = (probability: number, evil: number, benign: number): number => {
  const guilty = Math.fround(Math.fround(evil) * probability)
  const innocent = Math.fround(Math.fround(benign) * Math.fround(1 - probability))
  return Math.fround(guilty / Math.fround(guilty + innocent))
}
