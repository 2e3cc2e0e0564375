/** An event with nothing in it, and expressions evaluated on it. */
import type { EventObject } from "./environment/event.ts"
import { eventEnvironment } from "./environment/event.ts"
import type { Context } from "./environment.ts"
import { KeptFields } from "../text/fields.ts"
import { compileExpression, emptyContext } from "./expression.ts"
import { Time } from "./time.ts"

/** A log event with nothing in it but these. */
export const exampleEvent = (changes: Partial<EventObject> = {}): EventObject => ({
  Type: 0,
  ExpectMode: 0,
  Whitelisted: false,
  WhitelistReason: "",
  Stage: "",
  Line: { Raw: "", Src: "", Time: new Time(0n), Labels: new Map(), Process: false, Module: "file" },
  Parsed: new KeptFields("Parsed"),
  Enriched: new KeptFields("Enriched"),
  Meta: new KeptFields("Meta"),
  entry(map, slot) {
    return this[map].at(slot)
  },
  Unmarshaled: new Map(),
  Overflow: {
    Mapkey: "",
    BucketId: "",
    Whitelisted: false,
    Reprocess: false,
    Sources: new Map(),
    Alert: undefined,
    APIAlerts: [],
    GetSources: () => []
  },
  Time: new Time(0n),
  StrTime: "",
  StrTimeFormat: "",
  MarshaledTime: "",
  Process: true,
  GetType: () => "log",
  ParseIPSources: () => [],
  GetMeta: () => "",
  SetMeta: () => true,
  SetParsed: () => true,
  ...changes
})

/** Compiles and evaluates at once, for tests. */
export const evaluate = (text: string, event: EventObject = exampleEvent(), context: Context = emptyContext): unknown =>
  compileExpression(text, { environment: eventEnvironment, context }).evaluate({ evt: event })
