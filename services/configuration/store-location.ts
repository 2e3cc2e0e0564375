/** Where a store is, in one word: `embedded:PATH` in the configuration, and `--store` of every command. */
import type { EmbeddedLocation, EventStoreDbLocation } from "./configuration.ts"

/** A path alone means the embedded store, too. The path is as written: relative to whatever the reader decides. */
export const parseStoreLocation = (
  text: string
): EmbeddedLocation | EventStoreDbLocation | { readonly problem: string } => {
  const scheme = /^([a-z][a-z0-9+]*):/.exec(text)?.[1]
  if (scheme !== undefined && /^(?:esdb|kurrentdb)(?:\+discover)?$/.test(scheme)) {
    const shown = text.replace(/\/\/[^@/]*@/, "//")
    return { kind: "eventstoredb", connectionString: text.replace(/^esdb/, "kurrentdb"), shown, state: "data/state" }
  }
  const directory = scheme === "embedded" ? text.slice("embedded:".length) : text
  if (scheme !== undefined && scheme !== "embedded") {
    return {
      problem: `\`${scheme}:\` is not a kind of event store here; write embedded:PATH such as embedded:./data/store`
    }
  }
  return directory === ""
    ? { problem: "the event store has no path; write embedded:PATH such as embedded:./data/store" }
    : { kind: "embedded", directory }
}
