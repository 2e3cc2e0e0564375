/**
 * Where a store is, in one word: `eventStore` in the configuration, and `--store` of every command.
 *
 *     embedded:PATH, or a path alone
 *     esdb://[USER:PASSWORD@]HOST[:PORT][,HOST…][?OPTION=VALUE&…]     also kurrentdb://; +discover asks DNS for the nodes
 */
import { resolve } from "node:path"
import * as Redacted from "effect/Redacted"
import type { EmbeddedLocation, EventStoreDbLocation, StoreLocation } from "./configuration.ts"

interface Problem {
  readonly problem: string
}

const schemes = ["esdb", "kurrentdb", "kurrent", "kdb"]
const defaultPort = 2113

/** What the client can be told behind the question mark, and how a value has to look. */
const options: Readonly<Record<string, { readonly pattern: RegExp; readonly example: string }>> = {
  tls: { pattern: /^(?:true|false)$/, example: "true or false" },
  tlsVerifyCert: { pattern: /^(?:true|false)$/, example: "true or false" },
  tlsCAFile: { pattern: /./, example: "the path of a certificate" },
  userCertFile: { pattern: /./, example: "the path of a certificate" },
  userKeyFile: { pattern: /./, example: "the path of a key" },
  connectionName: { pattern: /^[\w.-]{1,100}$/, example: "a word" },
  defaultDeadline: { pattern: /^[1-9]\d{0,7}$/, example: "milliseconds" },
  keepAliveInterval: { pattern: /^(?:-1|\d{5,8})$/, example: "milliseconds, 10000 or more" },
  keepAliveTimeout: { pattern: /^(?:-1|\d{1,8})$/, example: "milliseconds" },
  maxDiscoverAttempts: { pattern: /^[1-9]\d{0,4}$/, example: "a number" },
  discoveryInterval: { pattern: /^[1-9]\d{0,6}$/, example: "milliseconds" },
  gossipTimeout: { pattern: /^[1-9]\d{0,3}$/, example: "seconds" },
  // Others may know of less than what was acknowledged.
  nodePreference: { pattern: /^leader$/i, example: "leader: Testudo reads what it has written" },
  throwOnAppendFailure: { pattern: /^true$/, example: "true" }
}

const files = new Set(["tlsCAFile", "userCertFile", "userKeyFile"])

const flat = (text: string): string => text.toLowerCase().replace(/[_-]/g, "")
const optionNames = new Map(Object.keys(options).map((name) => [flat(name), name]))

/** The path is as written: relative to whatever the reader decides, see {@link resolved}. */
export const parseStoreLocation = (text: string): StoreLocation | Problem => {
  const [written, discover = ""] = /^([a-z][a-z0-9]*)(\+discover)?:/i.exec(text)?.slice(1) ?? []
  if (written === undefined) return embedded(text)
  const scheme = written.toLowerCase()
  if (scheme === "embedded" && discover === "") return embedded(text.slice("embedded:".length))
  if (schemes.includes(scheme)) return eventStoreDb(text, `${scheme}${discover.toLowerCase()}`)
  return {
    problem:
      `\`${written}:\` is not a kind of event store; write embedded:PATH such as embedded:./data/store, or ` +
      "esdb://HOST:PORT such as esdb://127.0.0.1:2113?tls=false"
  }
}

const embedded = (directory: string): EmbeddedLocation | Problem =>
  directory === ""
    ? { problem: "the event store has no path; write embedded:PATH such as embedded:./data/store" }
    : { kind: "embedded", directory }

const eventStoreDb = (text: string, scheme: string): EventStoreDbLocation | Problem => {
  const rest = text.slice(scheme.length + 1)
  if (!rest.startsWith("//")) return { problem: `\`${scheme}:\` is followed by //HOST:PORT` }
  const [, authority, search] = /^\/\/([^?]*?)\/*(?:\?(.*))?$/s.exec(rest) ?? []
  const at = authority?.lastIndexOf("@") ?? -1
  const user = at < 0 ? undefined : credentials(authority!.slice(0, at))
  if (user !== undefined && "problem" in user) return user
  const nodes = hosts(authority?.slice(at + 1) ?? "")
  if ("problem" in nodes) return nodes
  if (scheme.endsWith("+discover") && nodes.hosts.length > 1)
    return { problem: "+discover takes one name, which DNS knows the nodes of; leave +discover out to name several" }
  const settings = parameters(search ?? "")
  if ("problem" in settings) return settings
  if ((settings.values["userCertFile"] === undefined) !== (settings.values["userKeyFile"] === undefined))
    return { problem: "userCertFile and userKeyFile go together" }
  const shown = `${scheme}://${nodes.hosts.join(",")}`
  return { kind: "eventstoredb", scheme, hosts: nodes.hosts, user, options: settings.values, shown }
}

/** Characters with a meaning in the location are written with % (`%40` for @); what cannot be misread may stand as it is. */
const credentials = (text: string): EventStoreDbLocation["user"] | Problem => {
  const [name, ...password] = text.split(":")
  try {
    const user = { name: decodeURIComponent(name!), password: decodeURIComponent(password.join(":")) }
    if (user.name !== "" && user.password !== "") return { name: user.name, password: Redacted.make(user.password) }
  } catch {
    return { problem: "the user or the password holds a % that begins no character; write %25 for it" }
  }
  return { problem: "write the user as USER:PASSWORD@ before the host" }
}

const hosts = (text: string): { readonly hosts: ReadonlyArray<string> } | Problem => {
  const nodes: Array<string> = []
  for (const node of text.split(",")) {
    const [, host, port] = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(node) ?? []
    if (node === "") return { problem: "a host is missing; write HOST:PORT such as 127.0.0.1:2113" }
    if (host === undefined || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)))
      return { problem: "a host is a name or an IPv4 address with its port, such as node1.example.org:2113" }
    nodes.push(`${host}:${port ?? defaultPort}`)
  }
  return { hosts: nodes }
}

const parameters = (search: string): { readonly values: Readonly<Record<string, string>> } | Problem => {
  const values: Record<string, string> = {}
  for (const pair of search === "" ? [] : search.split("&")) {
    const equals = pair.indexOf("=")
    const written = equals < 0 ? pair : pair.slice(0, equals)
    const name = optionNames.get(flat(written))
    if (name === undefined) {
      const shown = JSON.stringify(written.slice(0, 40))
      return { problem: `${shown} is not an option of a server; there are ${Object.keys(options).join(", ")}` }
    }
    const { pattern, example } = options[name]!
    let value = ""
    try {
      value = decodeURIComponent(equals < 0 ? "" : pair.slice(equals + 1))
    } catch {
      return { problem: `${name} holds a % that begins no character; write %25 for it` }
    }
    if (!pattern.test(value)) return { problem: `${name} takes ${example}` }
    if (Object.hasOwn(values, name)) return { problem: `${name} is there twice` }
    values[name] = value
  }
  return { values }
}

/** The location with absolute paths, from a folder on. */
export const resolved = (location: StoreLocation, folder: string): StoreLocation =>
  location.kind === "embedded"
    ? { ...location, directory: resolve(folder, location.directory) }
    : {
        ...location,
        options: Object.fromEntries(
          Object.entries(location.options).map(([name, value]) => [
            name,
            files.has(name) ? resolve(folder, value) : value
          ])
        )
      }

const path = (text: string): string => text.split("/").map(encodeURIComponent).join("/")

/**
 * What the client of EventStoreDB takes. Without TLS the user is left out: a server without TLS ignores it, and one half
 * of the client would send the password in clear text.
 */
export const connectionString = ({ scheme, hosts, user, options }: EventStoreDbLocation): string => {
  const isSecret = options["tls"] !== "false"
  const named =
    user === undefined || !isSecret
      ? ""
      : `${encodeURIComponent(user.name)}:${encodeURIComponent(Redacted.value(user.password))}@`
  const search = Object.entries({ connectionName: "testudo", ...options }).map(
    ([name, value]) => `${name}=${path(value)}`
  )
  // The client complains about the older names.
  return `kurrentdb${scheme.endsWith("+discover") ? "+discover" : ""}://${named}${hosts.join(",")}?${search.join("&")}`
}
