import { randomUUID } from "node:crypto"
import { expect, it } from "vitest"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { decisionMade } from "../../projections/example.ts"
import { Overdue } from "./overdue.ts"

const day = 86_400_000

const batch = (position: number, recordedAt: number, bytes: number) =>
  ({
    id: randomUUID(),
    type: "LogBatchAppended",
    stream: "log-/a",
    revision: position,
    position,
    recordedAt,
    metadata: { version: 2 },
    data: { body: new Uint8Array(bytes) }
  }) as unknown as TestudoEvent

const none = { linesAge: undefined, linesBytes: undefined, dossiersAge: undefined }

it("counts what is too old, what is too much, and dossiers of which nothing was heard", () => {
  const overdue = new Overdue()
  for (let n = 0; n < 10; n++) overdue.add(batch(n, n * day, 100))
  for (const [number, value, at] of [
    [1, "192.0.2.1", 1],
    [2, "192.0.2.2", 2],
    [3, "192.0.2.1", 8]
  ] as const)
    overdue.add(decisionMade({ number, value }, { position: 100 + number, recordedAt: at * day }))
  const now = 10 * day
  expect(overdue.beyond(none, now)).toEqual({ batches: 0, bytes: 0, dossiers: 0 })
  expect(overdue.beyond({ ...none, linesAge: 7 * day }, now)).toEqual({ batches: 3, bytes: 300, dossiers: 0 })
  expect(overdue.beyond({ ...none, linesBytes: 450 }, now)).toEqual({ batches: 6, bytes: 600, dossiers: 0 })
  expect(overdue.beyond({ linesAge: 9.5 * day, linesBytes: 850, dossiersAge: 5 * day }, now)).toEqual({
    batches: 2,
    bytes: 200,
    dossiers: 1
  })
})
