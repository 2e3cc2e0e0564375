/**
 * What the bouncer answers to nginx: a function from request to response, on web standards only.
 *
 * - `/verdict`: 204 pass, 403 refused, for whoever asks (curl, another proxy).
 * - `/nginx`: the same for the shipped nginx configuration, where pass is 418. A status that no other program gives by
 *   chance lets nginx tell a yes from the answer of a stranger on the port.
 * - `/health`: JSON for monitoring, 503 while the API has never answered.
 *
 * A verdict about a known decision carries `X-Testudo-Remediation`, `-Decision`, `-Until` and `-Reason`; a remediation
 * milder than captcha passes, so that nginx or the application can act on the header.
 */
import type { BanSet } from "../edge/ban-set.ts"
import type { SyncStatus } from "../edge/sync.ts"
import { verdict } from "../edge/verdict.ts"

export interface HandlerOptions {
  readonly set: BanSet
  readonly status: () => SyncStatus
  /** What to answer while nothing is known. */
  readonly whenUnknown: "open" | "closed"
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (message: string) => void
}

/** nginx can show no captcha, so who should solve one is refused. */
const refusing: ReadonlySet<string> = new Set(["ban", "captcha"])

const minute = 60_000

export const createHandler = (options: HandlerOptions): ((request: Request) => Response) => {
  const { set, status, whenUnknown, now, report } = options
  let complained = Number.NEGATIVE_INFINITY

  const judge = (request: Request, pass: number): Response => {
    const address = request.headers.get("x-real-ip")
    const time = now()
    const answer = verdict(set, address ?? "", time)
    if (answer === "pass") return new Response(null, { status: pass })
    if (answer === "unknown") {
      if (set.synced && time - complained >= minute) {
        complained = time
        const what = address === null ? "no X-Real-IP header" : `an X-Real-IP that is no address: ${shown(address)}`
        report(`a request came with ${what}; it is answered as unknown (${whenUnknown}) (TST-BOUNCER-ADDRESS)`)
      }
      return new Response(null, {
        status: whenUnknown === "open" ? pass : 403,
        headers: { "X-Testudo-Remediation": "unknown" }
      })
    }
    const { remediation, decision } = answer
    return new Response(null, {
      status: refusing.has(remediation) ? 403 : pass,
      headers: {
        "X-Testudo-Remediation": headerText(remediation),
        "X-Testudo-Decision": headerText(decision.id),
        "X-Testudo-Until": timeText(decision.until),
        "X-Testudo-Reason": headerText(decision.scenario || decision.reason)
      }
    })
  }

  const health = (): Response => {
    const { mode, connected, lastSync, position, problem } = status()
    const body = {
      bans: set.size,
      allowlist: set.allowed,
      synced: set.synced,
      connected,
      mode: mode ?? null,
      position: position ?? null,
      lastSync: lastSync === undefined ? null : new Date(lastSync).toISOString(),
      problem: problem ?? null,
      whenUnknown
    }
    return Response.json(body, { status: set.synced ? 200 : 503 })
  }

  return (request) => {
    const path = pathOf(request.url)
    if (path === "/nginx") return judge(request, 418)
    if (path === "/verdict") return judge(request, 204)
    if (path === "/health") return health()
    return new Response("The paths are /verdict, /nginx and /health.\n", { status: 404 })
  }
}

/** Without the cost of a parsed URL: this runs once per request of the site. */
const pathOf = (url: string): string => {
  const start = url.indexOf("/", url.indexOf("://") + 3)
  const query = url.indexOf("?", start)
  return query === -1 ? url.slice(start) : url.slice(start, query)
}

/** nginx writes these into its page and its log: nothing but letters, digits and harmless punctuation gets there. */
const headerText = (text: string): string => text.replace(/[^\w.:/@+ -]/g, "_").slice(0, 200)

const timeText = (time: number): string =>
  Math.abs(time) <= 8.64e15 ? `${new Date(time).toISOString().slice(0, 19)}Z` : ""

const shown = (text: string): string => JSON.stringify(text.slice(0, 60))
