/** The administration of a running node, over the Unix socket that it announces beside its store. */
import { request } from "node:http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Administration, AdministrationRefused, type DeletedDecisions } from "../api/administration.ts"
import type { Decision } from "../../domain/events/decision.ts"

const timeoutMs = 15_000

/** A node's answer is small; anything longer is not one. */
const maxAnswerBytes = 1_000_000

export const remoteAdministration = (socketPath: string): Layer.Layer<Administration> => {
  const call = <A>(method: string, path: string, body?: unknown): Effect.Effect<A, AdministrationRefused> =>
    Effect.callback((resume) => {
      const unreachable = (why: string) =>
        resume(
          Effect.fail(
            new AdministrationRefused({
              code: "TST-ADMIN-UNREACHABLE",
              message: `The running node does not answer on ${socketPath}: ${why}. Is it stopping, or another user's?`
            })
          )
        )
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers =
        text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
      const sent = request({ socketPath, method, path, headers, timeout: timeoutMs }, (response) => {
        let answer = ""
        response.setEncoding("utf8")
        response.on("data", (piece: string) => {
          answer += piece
          if (answer.length > maxAnswerBytes) response.destroy(new Error("the answer is too long"))
        })
        response.on("error", (error) => unreachable(error.message))
        response.on("end", () => {
          let value: unknown
          try {
            value = JSON.parse(answer)
          } catch {
            return unreachable("the answer is not JSON")
          }
          if (response.statusCode! < 300) return resume(Effect.succeed(value as A))
          const { message, code } = value as { readonly message?: unknown; readonly code?: unknown }
          resume(
            Effect.fail(new AdministrationRefused({ code: String(code ?? "TST-ADMIN"), message: String(message) }))
          )
        })
      })
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
      sent.on("error", (error) => unreachable(error.message))
      sent.end(text)
      return Effect.sync(() => sent.destroy())
    })

  return Layer.succeed(
    Administration,
    Administration.of({
      addDecision: (decision) => call<Decision>("POST", "/admin/decisions", decision),
      deleteDecisions: (which) =>
        call<DeletedDecisions>(
          "DELETE",
          `/admin/decisions?${new URLSearchParams(Object.entries(which).map(([key, value]) => [key, String(value)] as [string, string]))}`
        ),
      addBouncer: (bouncer) =>
        call<{ readonly name: string; readonly key: string }>("POST", "/admin/bouncers", bouncer),
      deleteBouncer: (name) => call<void>("DELETE", `/admin/bouncers/${encodeURIComponent(name)}`)
    })
  )
}
