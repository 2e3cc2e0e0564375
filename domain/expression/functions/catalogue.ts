import type { FunctionDeclaration } from "../environment.ts"
import { functionsOf } from "../environment.ts"
import { fileFunctions } from "./file.ts"
import { geoFunctions } from "./geo.ts"
import { jsonFunctions } from "./json.ts"
import { keyValueFunctions } from "./key-value.ts"
import { listFunctions } from "./list.ts"
import { netFunctions } from "./net.ts"
import { stashFunctions } from "./stash.ts"
import { textFunctions } from "./text.ts"
import { timeFunctions } from "./time.ts"
import { urlFunctions } from "./url.ts"
import { xmlFunctions } from "./xml.ts"

/** The functions that CrowdSec adds to the language, by name. */
export const crowdsecFunctions: ReadonlyMap<string, FunctionDeclaration> = functionsOf(
  fileFunctions,
  geoFunctions,
  jsonFunctions,
  keyValueFunctions,
  listFunctions,
  netFunctions,
  stashFunctions,
  textFunctions,
  timeFunctions,
  urlFunctions,
  xmlFunctions
)
