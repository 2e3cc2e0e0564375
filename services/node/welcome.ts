/** What the node says when it begins. */
import { resolve } from "node:path"
import type { Configuration } from "../configuration/configuration.ts"
import type { Activated } from "../engine/detection.ts"
import type { Part } from "../engine/part.ts"

const rulesOf = ({ rules }: Configuration, { parsers, scenarios }: Activated["inventory"]): string =>
  `${parsers} parsers and ${scenarios} scenarios from ${rules.hub}.`

const watched = ({ acquisition }: Configuration): string => {
  const files = acquisition.flatMap((entry) => entry.files)
  return `Testudo watches ${files.length === 0 ? "no log (the configuration names none)" : files.join(", ")}`
}

export const welcomeAgent = (configuration: Configuration, node: string, inventory: Activated["inventory"]): string =>
  [
    watched(configuration),
    `with ${rulesOf(configuration, inventory)}`,
    `This is the agent ${node}: the api node serves bouncers and looks over all agents.`,
    "Ctrl-C ends it.",
    ""
  ].join("\n")

export const welcome = (
  configuration: Configuration,
  facts: {
    readonly part: Part
    readonly inventory: Activated["inventory"]
    readonly active: number
    readonly isNew: boolean
    /** Of the API. */
    readonly url: string
  }
): string => {
  const { url } = facts
  const { file } = configuration
  // The other terminal may be in another folder.
  const config = file === "testudo.yaml" ? "" : ` --config ${resolve(file)}`
  return [
    ...(facts.part.role === "api"
      ? ["Testudo serves bouncers and looks over all agents", `with ${rulesOf(configuration, facts.inventory)}`]
      : [watched(configuration), `with ${rulesOf(configuration, facts.inventory)}`]),
    facts.isNew
      ? "The log is new."
      : `The log goes on; ${facts.active} ${facts.active === 1 ? "ban is" : "bans are"} active.`,
    `API: ${url}`,
    "",
    "Try in another terminal:",
    `  npx testudo decisions list${config}`,
    `  curl -s ${url}/projections/active-bans`,
    `  curl -s ${url}/projections/targeted-attacks`,
    `  npx testudo decisions delete VALUE${config}`,
    `  npx testudo bouncers add nginx${config}        # then see bouncers/nginx/README.md`,
    "Ctrl-C ends it.",
    ""
  ].join("\n")
}
