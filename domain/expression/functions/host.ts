import { parseAddress } from "../../net/address.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { arrayOf, stringType } from "../type.ts"

const longestHost = 253
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

const isHost = (text: string): boolean => {
  const name = normal(text)
  return name.length <= longestHost && name.split(".").every((each) => label.test(each))
}

/** `Home.Example.ORG.` is asked for as `home.example.org`. */
const normal = (host: string): string => host.toLowerCase().replace(/\.$/, "")

/** Where an event can wait for an answer of the DNS. */
export const hostFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare(
    "LookupHost",
    [stringType],
    arrayOf(stringType),
    ({ addressesOf }, host: string) =>
      parseAddress(host) === undefined ? (addressesOf?.(normal(host)) ?? []) : [host],
    {
      effect: "reads",
      // Whoever writes the log must not choose what the DNS is asked for.
      literal: (host) => (parseAddress(host) !== undefined || isHost(host) ? undefined : "is no host name")
    }
  )
]
