/** `--json`: for programs instead of people. */
import { toggleFlag } from "./toggle-flag.ts"

export const jsonFlag = toggleFlag("json", "Print JSON")

/** Of a command that says much while it runs. */
export const jsonObjectFlag = toggleFlag("json", "Print one JSON object and nothing else")
