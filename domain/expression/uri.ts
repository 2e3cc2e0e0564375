/** What Go's `url.Parse` takes for a URL (net/url of Go 1.22), and what of it rules ask for. */
import { unescapePath } from "./url.ts"

/** The text up to a separator, and what follows it; undefined without one. */
const cut = (text: string, separator: string): readonly [before: string, after: string | undefined] => {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

const controlCharacter = /[\u0000-\u001f\u007f]/
const userinfo = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/
const scheme = /^[A-Za-z][A-Za-z0-9+\-.]*:/
/** ASCII that may stand in a host as it is. `%` introduces an escape. */
const host = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u
/** Only bytes beyond ASCII may be escaped in a host, and the percent sign itself. */
const hostEscape = /%(?!25|[89a-fA-F][0-9a-fA-F])/
const port = /^(?::[0-9]*)?$/

const isHost = (text: string): boolean => host.test(text) && !hostEscape.test(text)

/** What a zone such as `%25eth0` may hold behind its `%25`: any escape, but spaces and the like only when escaped. */
const isZone = (text: string): boolean => unescapePath(text) !== undefined && host.test(text)

const isHostWithPort = (text: string): boolean => {
  if (!text.startsWith("[")) {
    const colon = text.lastIndexOf(":")
    return (colon < 0 || port.test(text.slice(colon))) && isHost(text)
  }
  const end = text.lastIndexOf("]")
  if (end < 0 || !port.test(text.slice(end + 1))) return false
  const [address, zone] = cut(text.slice(0, end), "%25")
  return isHost(address) && (zone === undefined || isZone(zone))
}

const isAuthority = (text: string): boolean => {
  const at = text.lastIndexOf("@")
  const user = text.slice(0, Math.max(at, 0))
  return isHostWithPort(text.slice(at + 1)) && userinfo.test(user) && unescapePath(user) !== undefined
}

/** The raw query; empty when there is none, undefined when the text is no URL. */
export const queryOf = (uri: string): string | undefined => {
  const [url, fragment = ""] = cut(uri, "#")
  if (controlCharacter.test(url) || unescapePath(fragment) === undefined) return undefined
  const named = scheme.exec(url)?.[0]
  const [rest, query = ""] = cut(url.slice(named?.length ?? 0), "?")
  if (!rest.startsWith("/")) {
    if (named !== undefined) return query // opaque, such as mailto:
    // Else it would not be clear what `a:b/c` is.
    if (cut(rest, "/")[0].includes(":")) return undefined
  }
  const path = /^\/\/(?!\/)/.test(rest) || (named !== undefined && rest.startsWith("//")) ? authorityApart(rest) : rest
  return path === undefined || unescapePath(path) === undefined ? undefined : query
}

/** The path behind `//` and an authority; undefined when that is none. */
const authorityApart = (text: string): string | undefined => {
  const [authority, path] = cut(text.slice(2), "/")
  return isAuthority(authority) ? (path ?? "") : undefined
}
