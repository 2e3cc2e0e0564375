/** The house rules that a machine can hold: imports point downwards only, and the domain stays pure. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")

/** What each folder may import from. */
const mayImport: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: ["domain"],
  projections: ["projections", "domain"],
  bouncers: ["bouncers", "domain"],
  services: ["services", "projections", "domain"],
  fixtures: ["fixtures", "domain"]
}

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

/** A test, or what tests share: fixtures, cases, the contract of the stores. */
const isTest = (file: string): boolean => /\.(?:test|fixture|cases)\.ts$|\/contract(?:\.ts$|\/)/.test(file)

const importsOf = (file: string): ReadonlyArray<string> =>
  [
    ...readFileSync(join(root, file), "utf8").matchAll(
      /^\s*(?:import|export)\b[^"'\n]*?(?:from\s*)?["']([^"']+)["']|^\} from ["']([^"']+)["']|\bimport\(["']([^"']+)["']\)/gm
    )
  ].map((match) => (match[1] ?? match[2] ?? match[3])!)

describe("imports", () => {
  for (const [folder, allowed] of Object.entries(mayImport)) {
    it(`of ${folder}/ point to ${allowed.join(", ")} only`, () => {
      const upwards = sources(folder)
        .filter((file) => !isTest(file))
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => target.startsWith("."))
            .map((target) => relative(root, resolve(root, dirname(file), target)))
            .filter((target) => target.includes("/") && !allowed.includes(target.split("/")[0]!))
            .map((target) => `${file} → ${target}`)
        )
      expect(upwards).toEqual([])
    })
  }

  it("of the product point to nothing that tests share", () => {
    const shared = Object.keys(mayImport)
      .filter((folder) => folder !== "fixtures")
      .flatMap(sources)
      .filter((file) => !isTest(file))
      .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
    expect(shared.filter(({ target }) => isTest(target))).toEqual([])
    expect(shared.length).toBeGreaterThan(1_000)
  })

  it("are found at all: this test sees what it judges", () => {
    expect(importsOf("services/version.ts")).toEqual(["../package.json"])
    expect(importsOf("domain/events/catalogue.ts")).toContain("./event.ts")
  })
})

describe("the domain is pure", () => {
  const files = [...sources("domain"), ...sources("projections")].filter((file) => !isTest(file))

  it("imports nothing of Node", () => {
    expect(files.filter((file) => importsOf(file).some((target) => target.startsWith("node:")))).toEqual([])
  })

  it("reads no clock and throws no dice", () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bcrypto\.randomUUID\(/
    const code = (file: string) =>
      readFileSync(join(root, file), "utf8")
        .replaceAll(/\/\*[\s\S]*?\*\//g, "")
        .replaceAll(/(^|\s)\/\/.*$/gm, "")
    expect(files.filter((file) => impure.test(code(file)))).toEqual([])
  })
})

describe("names", () => {
  it("are of the field, not of a layer", () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|managers?)(\/|\.|$)/i
    const all = ["domain", "projections", "services", "bouncers", "test", "fixtures"].flatMap(sources)
    expect(all.filter((file) => vague.test(file))).toEqual([])
  })
})
