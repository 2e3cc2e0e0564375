/** What the bouncer runs by: environment variables, each checked, with messages for people. */

export interface Configuration {
  /** Without a slash at the end. */
  readonly apiUrl: string
  readonly apiKey: string
  readonly listen: { readonly hostname: string; readonly port: number }
  readonly whenUnknown: "open" | "closed"
}

/** A mistake in the configuration. The message is all that the administrator needs. */
export class ConfigurationProblem extends Error {
  override readonly name = "ConfigurationProblem"
}

/** Where the values come from. */
export interface Surroundings {
  readonly variable: (name: string) => string | undefined
  /** Contents of a file as text; throws when it cannot be read. */
  readonly file: (path: string) => string
}

export const variables = [
  "TESTUDO_API_URL",
  "TESTUDO_API_KEY",
  "TESTUDO_API_KEY_FILE",
  "TESTUDO_BOUNCER_LISTEN",
  "TESTUDO_WHEN_UNKNOWN"
] as const

/** Throws a {@link ConfigurationProblem}. */
export const readConfiguration = (surroundings: Surroundings): Configuration => {
  const variable = (name: (typeof variables)[number]): string => surroundings.variable(name)?.trim() ?? ""
  return {
    apiUrl: readUrl(variable("TESTUDO_API_URL") || "http://127.0.0.1:8080"),
    apiKey: readKey(variable("TESTUDO_API_KEY"), variable("TESTUDO_API_KEY_FILE"), surroundings.file),
    listen: readListen(variable("TESTUDO_BOUNCER_LISTEN") || "127.0.0.1:8081"),
    whenUnknown: readWhenUnknown(variable("TESTUDO_WHEN_UNKNOWN") || "open")
  }
}

const fail = (why: string): never => {
  throw new ConfigurationProblem(`${why} (TST-BOUNCER-CONFIG)`)
}

const readUrl = (text: string): string => {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return fail(`TESTUDO_API_URL is ${JSON.stringify(text)}, which is no URL; write it like http://127.0.0.1:8080`)
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return fail(`TESTUDO_API_URL begins with ${url.protocol}, but the API speaks http: or https:`)
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return fail("TESTUDO_API_URL takes an address and a path only; the key belongs into TESTUDO_API_KEY_FILE")
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

const readKey = (key: string, path: string, file: (path: string) => string): string => {
  if (key !== "" && path !== "") return fail("TESTUDO_API_KEY and TESTUDO_API_KEY_FILE are both set: keep one of them")
  if (key === "" && path === "")
    return fail(
      "the key for the API is missing: make one with `testudo bouncers add NAME` and put it into the file that TESTUDO_API_KEY_FILE names"
    )
  let found = key
  if (path !== "") {
    try {
      found = file(path).trim()
    } catch (error) {
      return fail(
        `TESTUDO_API_KEY_FILE names ${path}, which cannot be read: ${error instanceof Error ? error.message : error}`
      )
    }
    if (found === "") return fail(`${path} (TESTUDO_API_KEY_FILE) is empty: it should hold the key for the API`)
  }
  if (!/^[\x21-\x7e]+$/.test(found)) return fail("the key for the API has a space or another character that no key has")
  return found
}

const readListen = (text: string): Configuration["listen"] => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535)
    return fail(`TESTUDO_BOUNCER_LISTEN is ${JSON.stringify(text)}; write an address and a port, like 127.0.0.1:8081`)
  return { hostname: match[1] ?? match[2]!, port }
}

const readWhenUnknown = (text: string): "open" | "closed" =>
  text === "open" || text === "closed"
    ? text
    : fail(`TESTUDO_WHEN_UNKNOWN is ${JSON.stringify(text)}; it is either "open" (serve) or "closed" (refuse)`)
