/** Every stable code that the source can say is explained in docs/errors.md, and docs/errors.md explains no other. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")

const textOf = (file: string): string => readFileSync(join(root, file), "utf8")

/** Whatever runs: tests say codes too, some of them invented. */
const isSource = (name: string): boolean =>
  /\.(?:ts|js|sh|conf|service)$|^[^.]+$/.test(name) && !/\.(?:test|cases|fixture)\.ts$/.test(name)

const sources = ["bin", "bouncers", "domain", "projections", "services"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
)

/** One that ends with a hyphen is the beginning of several codes. */
const mentions = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?<![A-Z0-9-])TST-[A-Z0-9-]+/g)].map(([code]) => code)
const isWhole = (mention: string): boolean => !mention.endsWith("-")

const codesOf = (text: string): ReadonlyArray<string> => mentions(text).filter(isWhole)

const catalogue = textOf("docs/errors.md")

/** The codes in the first column, table by table. */
const tables: ReadonlyArray<ReadonlyArray<string>> = catalogue
  .split(/^## /m)
  .slice(1)
  .map((section) => [...section.matchAll(/^\| `(TST-[A-Z0-9-]+)` \|/gm)].map(([, code]) => code!))
const explained = tables.flat()

describe("the catalogue of errors", () => {
  it("explains every code that the source says", () => {
    const said = sources.flatMap((file) => codesOf(textOf(file)).map((code) => ({ code, file })))
    expect(said.filter(({ code }) => !explained.includes(code))).toEqual([])
  })

  it("explains no code that the source does not say", () => {
    const said = new Set(sources.flatMap((file) => codesOf(textOf(file))))
    expect(explained.filter((code) => !said.has(code))).toEqual([])
  })

  it("finds every code by a search for it: none is composed while the program runs", () => {
    expect(sources.filter((file) => /TST-[A-Z0-9-]*\$\{/.test(textOf(file)))).toEqual([])
  })

  it("explains something of each group of codes that the source asks about", () => {
    const beginnings = sources.flatMap((file) =>
      mentions(textOf(file)).flatMap((mention) => (isWhole(mention) ? [] : [{ file, mention }]))
    )
    expect(beginnings.filter(({ mention }) => !explained.some((code) => code.startsWith(mention)))).toEqual([])
  })

  it("has each code once, and each table in the order of the alphabet", () => {
    expect(explained.filter((code, at) => explained.indexOf(code) !== at)).toEqual([])
    for (const table of tables) {
      expect(table.length).toBeGreaterThan(0)
      expect(table).toEqual([...table].sort())
    }
  })

  it("is where all other pages look: they name no code that it does not explain", () => {
    const pages = ["README.md", "hub/README.md", "bouncers/nginx/README.md"].concat(
      readdirSync(join(root, "docs")).map((name) => join("docs", name))
    )
    const named = pages
      .filter((page) => page.endsWith(".md"))
      .flatMap((page) => mentions(textOf(page)).map((code) => ({ code, page })))
    expect(named.filter(({ code }) => isWhole(code) && !explained.includes(code))).toEqual([])
  })

  it("sees what it judges", () => {
    expect(mentions('"TST-STORE-", `TST-STORE-FULL`')).toEqual(["TST-STORE-", "TST-STORE-FULL"])
    expect(sources.flatMap((file) => codesOf(textOf(file)))).toContain("TST-STORE-DAMAGED")
    expect(explained.length).toBeGreaterThan(100)
  })
})
