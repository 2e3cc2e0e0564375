/** Lines that attackers leave, at the times that a test wants. */
import { accessLine, missing as missingPage } from "../fixtures/generators/access-log.ts"
import { sshdLine } from "../fixtures/generators/auth-log.ts"

/** Times from this one on (milliseconds since 1970), so many seconds apart. */
export const every = (seconds: number, from: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, n) => from + n * seconds * 1_000)

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

/** A line of nginx's access log: the page is there. */
export const visited = (at: number, address: string, path: string): string => accessLine(at, address, browser, { path })

/** A line of nginx's access log: there is no such page. */
export const missing = (at: number, address: string, path: string): string =>
  accessLine(at, address, browser, missingPage(path))

/** A line of sshd in an auth.log: a password was wrong. */
export const failedPassword = (at: number, address: string, port: number): string =>
  sshdLine(at, 811, `Failed password for root from ${address} port ${port} ssh2`)
