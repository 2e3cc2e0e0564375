/** Every command and option that `--help` names is explained in docs/command-line.md, and that page explains no other. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { root, run } from "./process.ts"

const page = readFileSync(join(root, "docs/command-line.md"), "utf8")

/** What the page says about each command, such as `log verify`, up to the next heading. */
const sections = new Map(
  page.split(/^(?=#{2,3} )/m).flatMap((section) => {
    const command = /^#+ `testudo ([a-z -]*[a-z])/.exec(section)?.[1]
    return command === undefined ? [] : [[command, section] as const]
  })
)
/** What holds for several commands, and for all of them. */
const shared = /^## Which event store$[\s\S]*?(?=^## )/m.exec(page)![0]
const ofEvery = /^Options of every command:[\s\S]*?\n\n/m.exec(page)![0]

interface Help {
  readonly subcommands: ReadonlyArray<string>
  /** Each with its aliases, as they are written. */
  readonly options: ReadonlyArray<string>
  readonly ofEvery: ReadonlyArray<string>
}

/** The lines below a heading of the help. */
const block = (help: string, heading: string): ReadonlyArray<string> =>
  (new RegExp(`^${heading}\\n((?: .*\\n)+)`, "m").exec(help)?.[1] ?? "").trimEnd().split("\n")

const optionsIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)].map(([option]) => option)

/** An option's line names it and its alias before two spaces. */
const named = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.flatMap((line) => optionsIn(line.trimStart().split(/ {2,}/, 1)[0]!))

const helpOf = async (command: string): Promise<Help> => {
  const { stdout } = await run(...command.split(" ").filter(Boolean), "--help")
  const words = block(stdout, "SUBCOMMANDS").flatMap((line) => /^ +([a-z-]+)/.exec(line)?.[1] ?? [])
  return {
    subcommands: words.map((word) => `${command} ${word}`.trim()),
    options: named(block(stdout, "FLAGS")),
    ofEvery: named(block(stdout, "GLOBAL FLAGS"))
  }
}

/** By command; "" for `testudo` itself. */
const helps = new Map<string, Help>()

beforeAll(async () => {
  const visit = async (command: string): Promise<void> => {
    const help = await helpOf(command)
    helps.set(command, help)
    for (const each of help.subcommands) await visit(each)
  }
  await visit("")
})

describe("the page about the command line", () => {
  it("has a section for every command, and for no other", () => {
    const commands = [...helps.keys()].filter((command) => command !== "")
    expect([...sections.keys()].sort()).toEqual(commands.sort())
    expect(commands.length).toBeGreaterThan(15)
  })

  it("explains every option of every command, with its alias", () => {
    const missing = [...helps].flatMap(([command, { options }]) => {
      const known = new Set(optionsIn(`${sections.get(command) ?? ""}${shared}`))
      return options.filter((option) => !known.has(option)).map((option) => `${command} ${option}`)
    })
    expect(missing).toEqual([])
    const known = optionsIn(ofEvery)
    expect(helps.get("")!.ofEvery.filter((option) => !known.includes(option))).toEqual([])
  })

  it("has no option in a table that its command lacks", () => {
    const invented = [...sections].flatMap(([command, section]) => {
      const rows = section.split("\n").filter((line) => line.startsWith("| `-"))
      const { options } = helps.get(command)!
      const written = rows.flatMap((row) => optionsIn(row.split(" | ", 1)[0]!))
      return written.filter((option) => !options.includes(option)).map((option) => `${command} ${option}`)
    })
    expect(invented).toEqual([])
  })

  it("is read as it is meant: this test sees what it judges", () => {
    expect(helps.get("log tail")!.options).toEqual(expect.arrayContaining(["--lines", "-n", "--follow", "-f"]))
    expect(optionsIn("| `--type TYPE`, `-t` | `ban` |")).toEqual(["--type", "-t"])
  })
})
