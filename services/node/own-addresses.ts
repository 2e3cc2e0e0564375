/** Loopback and the addresses of this machine: banning them would lock the administrator or the machine itself out. */
import { networkInterfaces } from "node:os"
import type { AllowlistEntry } from "../../domain/events/allowlist.ts"

export const ownAddresses = (): ReadonlyArray<AllowlistEntry> => {
  const loopback = [
    { value: "127.0.0.0/8", comment: "loopback" },
    { value: "::1/128", comment: "loopback" }
  ]
  const own = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ internal }) => !internal)
      // A link-local address carries its zone behind a percent sign.
      .map(({ address }) => ({ value: address.split("%")[0]!, comment: `this machine's ${name}` }))
  )
  const seen = new Set<string>()
  return [...loopback, ...own.sort((a, b) => (a.value < b.value ? -1 : 1))].filter(
    ({ value }) => !seen.has(value) && seen.add(value) !== undefined
  )
}
