import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { GrokHost } from "./host.ts"
import { PATTERN_LIBRARY } from "./library.ts"
import { compilePattern } from "./pattern.ts"
import { longestReach } from "./reach.ts"

const HUB = fileURLToPath(new URL("../../../shared/hub", import.meta.url))

interface Node {
  readonly pattern_syntax?: Readonly<Record<string, string>>
  readonly grok?: { readonly pattern?: string; readonly name?: string }
  readonly nodes?: ReadonlyArray<Node>
}

/** All YAML files below a folder of the hub, in the order in which parsers load. */
const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(`${HUB}/${folder}`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .map((path) => `${HUB}/${folder}/${path}`)
    .sort()

const nodesOf = (file: string): ReadonlyArray<Node> =>
  parseAllDocuments(readFileSync(file, "utf8")).flatMap((document) => {
    const node = "toJS" in document ? (document.toJS() as Node | null) : null
    return node === null ? [] : withChildren(node)
  })

const withChildren = (node: Node): ReadonlyArray<Node> => [node, ...(node.nodes ?? []).flatMap(withChildren)]

describe("the hub", () => {
  it("is there", () => {
    expect(existsSync(HUB)).toBe(true)
  })

  it.each(["parsers", "postoverflows"])(
    "has no grok in its %s that does not compile for V8's linear engine",
    (folder) => {
      const host = new GrokHost(PATTERN_LIBRARY)
      const refused: Array<string> = []
      const nonlinear: Array<string> = []
      const shortSighted: Array<string> = []
      let count = 0
      for (const file of filesBelow(folder)) {
        for (const { pattern_syntax: definitions = {}, grok } of nodesOf(file)) {
          try {
            for (const [name, text] of Object.entries(definitions)) host.define(name, text)
            const text = grok?.pattern ?? (grok?.name === undefined ? undefined : `%{${grok.name}}`)
            if (text === undefined) continue
            count++
            const { linear, reach } = host.compile(text)
            if (!linear) nonlinear.push(file)
            if (reach < longestReach) shortSighted.push(file)
          } catch (error) {
            refused.push(`${file}: ${String(error)}`)
          }
        }
      }
      expect(refused).toEqual([])
      expect(nonlinear).toEqual([])
      expect(shortSighted).toEqual([])
      expect(count).toBeGreaterThan(folder === "parsers" ? 280 : -1)
    }
  )

  it("has no constant for `matches` that does not compile for V8's linear engine", () => {
    const constants = ["parsers", "scenarios", "postoverflows"]
      .flatMap(filesBelow)
      .flatMap((file) =>
        Array.from(readFileSync(file, "utf8").matchAll(/\bmatches\s+'((?:[^'\\]|\\.)*)'/g), (found) =>
          found[1]!.replaceAll("\\\\", "\\")
        )
      )
    expect(constants.length).toBeGreaterThan(20)
    expect(constants.filter((source) => !compilePattern(source).linear)).toEqual([])
  })

  it("finds the captures that the amavis parser loses in other engines", () => {
    const host = new GrokHost(PATTERN_LIBRARY)
    const nodes = nodesOf(`${HUB}/parsers/s01-parse/crowdsecurity/amavis-logs.yaml`)
    for (const { pattern_syntax: definitions = {} } of nodes) {
      for (const [name, text] of Object.entries(definitions)) host.define(name, text)
    }
    const message = readFileSync(`${HUB}/.tests/amavis-logs/amavis.log`, "utf8").split("]: ")[1]!.trimEnd()
    const asserted = readFileSync(`${HUB}/.tests/amavis-logs/parser.assert`, "utf8")
    const expected = Array.from(
      asserted.matchAll(
        /^results\["s01-parse"\]\["crowdsecurity\/amavis-logs"\]\[0\]\.Evt\.Parsed\["(.*?)"\] == "(.*)"$/gm
      ),
      (found) => [found[1], found[2]] as const
    ).filter(([name]) => name!.startsWith("amavis_"))
    const grok = host.compile("%{AMAVIS}")
    const values = grok.match(message)!
    expect(expected.length).toBeGreaterThan(10)
    for (const [name, value] of expected) expect([name, values[grok.names.indexOf(name!)]]).toEqual([name, value])
  })
})
