/** CrowdSec's hub, all of it at once: everything loads, and what is told is true. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { loadHub } from "../hub/hub.ts"
import { compileRules } from "./rulebook.ts"

const shared = join(import.meta.dirname, "../../../shared")

it("all rules of the hub load, with Debian's patterns beside them too where they are installed", async () => {
  const patterns = ["/etc/crowdsec/patterns"].filter((folder) => existsSync(folder))
  for (const folders of [[], ...(patterns.length === 0 ? [] : [patterns])]) {
    const options = { hub: join(shared, "hub"), data: join(shared, "hub-data"), patterns: folders }
    const { files, problems } = await Effect.runPromise(loadHub(options))
    const { rules, problems: broken } = compileRules(files, { names: "off" })
    const kinds = rules.activation.items.map(({ kind }) => kind)
    const count = (kind: string) => kinds.filter((each) => each === kind).length
    expect(["parsers", "postoverflows", "scenarios", "contexts"].map(count)).toEqual([164, 12, 783, 9])
    // Two equal documents are one scenario.
    expect(rules.ruleset.scenarios.length).toBeGreaterThan(840)
    expect(rules.ruleset.contexts).toHaveLength(26)
    const told = [...problems, ...broken].map(
      ({ severity, code, file, line }) => `${severity} ${code} ${file.replace(/.*\//, "")}:${line}`
    )
    expect(told.sort()).toEqual([
      // `%{DATA:amavis_message-id}` is no reference: a name has no hyphen.
      "warning TST-GROK-LITERAL amavis-logs.yaml:6",
      // Two groks that name nothing: what is below the first takes the lines that were meant for the second.
      "warning TST-GROK-NAMELESS mssql-logs.yaml:20",
      "warning TST-GROK-NAMELESS mssql-logs.yaml:7",
      // Nobody has the list of this network's addresses any more.
      "warning TST-HUB-DATA-MISSING cdn-arvan-whitelist.yaml:8",
      // Two parsers mean different things by TIMESTAMP.
      "warning TST-RULE-PATTERN-KNOWN synology-dsm-logs.yaml:9",
      // It calls itself like the file beside it.
      "warning TST-RULE-SAME-NAME charon-ipsec-slow-bf.yaml:undefined",
      // `target: source_ip` names no place.
      "warning TST-RULE-TARGET litellm-logs.yaml:15"
    ])
  }
}, 600_000)
