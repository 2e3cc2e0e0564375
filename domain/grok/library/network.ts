import type { NamedPattern } from "../library.ts"

const OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
const IPV4 = `${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}`
/** Within an IPv6 address numbers have no leading zeros. */
const EMBEDDED_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
const EMBEDDED = `${EMBEDDED_OCTET}\\.${EMBEDDED_OCTET}\\.${EMBEDDED_OCTET}\\.${EMBEDDED_OCTET}`
const HEXTET = "[0-9A-Fa-f]{1,4}"
const LAST_HEXTET_COUNT = 7

/** Names and addresses of hosts, and what is built from them. */
export const NETWORK_PATTERNS: ReadonlyArray<NamedPattern> = [
  ["IPV4", IPV4],
  ["IPV6", `(?:${HEXTET}:${afterHextets(1)}|:(?:${compressed(0)}))(?:%.+)?`],
  ["IP", "%{IPV6}|%{IPV4}"],
  // Labels without their limit of 63 characters: a longer one is no name that anybody resolves.
  ["HOSTNAME", "\\b[0-9A-Za-z][0-9A-Za-z-]*(?:\\.[0-9A-Za-z][0-9A-Za-z-]*)*\\.?"],
  ["HOST", "%{HOSTNAME}"],
  ["IPORHOST", "%{IP}|%{HOSTNAME}"],
  ["HOSTPORT", "%{IPORHOST}:%{POSINT}"],

  ["CISCOMAC", "[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}"],
  ["WINDOWSMAC", "[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}"],
  ["COMMONMAC", "[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"],
  ["MAC", "%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}"],

  ["URIPROTO", "[A-Za-z]+(?:\\+[A-Za-z+]+)?"],
  ["URIHOST", "%{IPORHOST}(?::%{POSINT:port})?"],
  ["URIPATH", "/[A-Za-z0-9$.+!*'(){},~:;=@#%_/-]*"],
  ["URIPARAM", "\\?[A-Za-z0-9$.+!*'(){},~:;=@#%_/&?|<>\\[\\]-]*"],
  ["URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"],
  ["URI", "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?"],
  ["URN", "urn:[0-9A-Za-z][0-9A-Za-z-]*:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+"]
]

/** Between one and `most` of the pattern, without a count: counts multiply, and V8's linear engine refuses more than 16. */
function upTo(most: number, pattern: string): string {
  return most === 1 ? pattern : `${pattern}(?:${upTo(most - 1, pattern)})?`
}

/**
 * What may follow after so many hextets, each with its colon, have been read. Written as a tree, so that no hextet is
 * read again for the next alternative.
 */
function afterHextets(count: number): string {
  if (count === LAST_HEXTET_COUNT) return `(?:${HEXTET}|:)`
  const address = count === LAST_HEXTET_COUNT - 1 ? `|${EMBEDDED}` : ""
  return `(?:${HEXTET}:${afterHextets(count + 1)}|${compressed(count)}${address})`
}

/** The second colon of `::` after so many hextets, and what may follow it. An embedded IPv4 address comes first. */
function compressed(count: number): string {
  const hextets = upTo(LAST_HEXTET_COUNT - count, `:${HEXTET}`)
  const most = LAST_HEXTET_COUNT - 2 - count
  const leading = most > 0 ? `(?:${upTo(most, `:${HEXTET}`)})?` : ""
  return `${most >= 0 ? `${leading}:${EMBEDDED}|` : ""}${hextets}|:`
}
