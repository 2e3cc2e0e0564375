/** Recorded events and small rulesets for tests. */
import type { RecordedEvent } from "../events/event.ts"
import type { LogBatch } from "../events/log-batch.ts"
import type { ResolvedHost } from "../events/host-resolved.ts"
import type { ResolvedName } from "../events/name-resolved.ts"
import type { Passage } from "../events/time-passed.ts"
import type { RuleFile } from "../rules/rule.ts"
import { unrecordedBatch } from "./unrecorded-batch.ts"

const recorded = <Type extends string, Data>(id: string, type: Type, data: Data): RecordedEvent<Type, Data> => ({
  id,
  type,
  data,
  stream: "test",
  revision: 0,
  position: 0,
  recordedAt: 0,
  metadata: { version: 1 }
})

/** A batch without a body: the engine gets the lines from whoever decoded it. */
export const batchOf = (
  given: Partial<LogBatch> & { readonly id?: string; readonly observedAt: string }
): RecordedEvent<"LogBatchAppended", LogBatch> => {
  const { id = "batch", observedAt, ...data } = given
  const { data: usual } = unrecordedBatch({
    path: "/var/log/test.log",
    labels: { type: "test" },
    zone: "UTC",
    observedAt
  })
  return recorded(id, "LogBatchAppended", { ...usual, source: "test", time: "observed", ...data })
}

export const nameOf = (address: string, name: string): RecordedEvent<"NameResolved", ResolvedName> =>
  recorded(`name-${address}`, "NameResolved", { address, name, outcome: name === "" ? "none" : "answered" })

export const hostOf = (
  host: string,
  ...addresses: ReadonlyArray<string>
): RecordedEvent<"HostResolved", ResolvedHost> =>
  recorded(`host-${host}`, "HostResolved", { host, addresses, outcome: addresses.length === 0 ? "none" : "answered" })

export const passageTo = (at: string): RecordedEvent<"TimePassed", Passage> =>
  recorded(`time-${at}`, "TimePassed", { at })

export const ruleFile = (kind: RuleFile["kind"], path: string, text: string): RuleFile => ({
  kind,
  path,
  file: `/rules/${path}`,
  version: "1",
  content: new TextEncoder().encode(text)
})

/** Reads lines such as `2020-01-01T10:00:00Z 1.2.3.4 some-word`; the time may be `-` for none. */
export const plainParser = ruleFile(
  "parsers",
  "parsers/s00-raw/test/plain.yaml",
  `
name: test/plain
filter: "1 == 1"
grok:
  pattern: '^%{NOTSPACE:stamp} %{NOTSPACE:ip} %{NOTSPACE:word}'
  apply_on: Line.Raw
statics:
  - meta: source_ip
    expression: evt.Parsed.ip
  - meta: word
    expression: evt.Parsed.word
  - target: evt.StrTime
    expression: "evt.Parsed.stamp == '-' ? '' : evt.Parsed.stamp"
---
name: test/date
filter: evt.StrTime != ''
statics:
  - method: ParseDate
    expression: evt.StrTime
  - target: MarshaledTime
    expression: evt.Enriched.MarshaledTime
`
)

export const scenarioFile = (name: string, fields: string): RuleFile =>
  ruleFile(
    "scenarios",
    `scenarios/test/${name}.yaml`,
    `name: test/${name}\ndescription: test\nfilter: "evt.GetType() == 'log'"\ngroupby: evt.Meta.source_ip\nlabels: {remediation: true}\n${fields}\n`
  )

/** Remembers a word per address, so that a line does not parse to the same thing at another time. */
export const wordStash = ruleFile(
  "parsers",
  "parsers/s00-raw/test/q-stash.yaml",
  `
name: test/stash
filter: "evt.Parsed.word != ''"
nodes:
  - filter: "evt.Parsed.word == 'b'"
    statics:
      - {meta: previous, expression: "GetFromStash('words', evt.Parsed.ip)"}
  - grok: {pattern: '%{GREEDYDATA:all}', apply_on: Line.Raw}
    stash:
      - {name: words, key: evt.Parsed.ip, value: evt.Parsed.all, ttl: 1m, size: 3}
`
)

/** Fields of a scenario: one word is no proof, two are. */
export const bayesian = `type: bayesian
leakspeed: 30s
bayesian_prior: 0.5
bayesian_threshold: 0.8
bayesian_conditions:
  - {condition: evt.Meta.word == 'a', prob_given_evil: 0.8, prob_given_benign: 0.2, guillotine: true}
  - {condition: evt.Meta.word == 'b', prob_given_evil: 0.9, prob_given_benign: 0.5, guillotine: true}`

/** A scenario that counts offenders, and is poured again: two within a minute. */
export const offenders = `type: leaky
name: test/meta
description: test
filter: "evt.GetType() == 'overflow'"
distinct: evt.Overflow.Alert.Source.IP
capacity: 1
leakspeed: 1m
reprocess: true
labels: {remediation: true}`
