/** Version of Testudo, from package.json: part of every ruleset's hash, because the engine is part of the verdict. */
import manifest from "../package.json" with { type: "json" }

export const version: string = manifest.version
