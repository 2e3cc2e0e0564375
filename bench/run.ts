/** `npm run bench -- NAME [OPTION…]`: runs a benchmark of this folder. */
import { readdirSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

const names = readdirSync(dirname(fileURLToPath(import.meta.url)))
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -".ts".length))

const name = process.argv[2]
if (name === undefined || !names.includes(name)) {
  console.error(`Which benchmark? npm run bench -- ${names.join(" | ")}`)
  process.exit(1)
}
await import(`./${name}.ts`)
