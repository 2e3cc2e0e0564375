/** What the client of EventStoreDB throws, as errors for people. */
import type * as client from "@kurrent/kurrentdb-client"
import { StoreUnavailable } from "../event-store.ts"
import { storeFailure } from "../failure.ts"
import { NoAnswer } from "./connection.ts"

/** Codes of gRPC. */
const grpc = { aborted: 10, denied: 7, unauthenticated: 16 }

const maxReasonLength = 200

/** The client's classes all have the name `Error`; their type tells them apart. Some errors are none of its classes. */
const typeOf = (error: unknown): client.ErrorType | undefined =>
  (error as { readonly type?: client.ErrorType } | null | undefined)?.type

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null | undefined)?.code

export const isWrongVersion = (error: unknown): error is client.WrongExpectedVersionError =>
  typeOf(error) === ("wrong-expected-version" satisfies `${client.ErrorType}`)

export const isStreamDeleted = (error: unknown): boolean =>
  typeOf(error) === ("stream-deleted" satisfies `${client.ErrorType}`)

export const isStreamNotFound = (error: unknown): boolean =>
  typeOf(error) === ("stream-not-found" satisfies `${client.ErrorType}`)

export const isTooLarge = (error: unknown): error is client.MaxAppendSizeExceededError =>
  typeOf(error) === ("maximum-append-size-exceeded" satisfies `${client.ErrorType}`)

/** The server refused the message. Its reason does not get through the client. */
export const isBadRequest = (error: unknown): boolean => error instanceof Error && error.message.includes("BadRequest")

/** The server dropped a live subscription because it lagged for a moment, which also happens to quick ones. */
export const isDropped = (error: unknown): boolean => codeOf(error) === grpc.aborted

/** After so many attempts in a row another client is tried: the native half may not find a server that was away. */
const attemptsOfOneClient = 3

/**
 * Whether the client may never work again: it remembers a failed discovery, after silence nobody knows, and one that fails
 * again and again does not say why.
 */
export const wantsNewClient = (error: unknown, attempt: number): boolean =>
  error instanceof NoAnswer ||
  (error instanceof Error && error.message.startsWith("Failed to discover")) ||
  (attempt % attemptsOfOneClient === 0 && !isAnswer(error))

/** The server has understood the call, and says no. */
const isAnswer = (error: unknown): boolean =>
  isWrongVersion(error) || isStreamDeleted(error) || isStreamNotFound(error) || isTooLarge(error) || isBadRequest(error)

const isDenied = (error: unknown): boolean =>
  typeOf(error) === "access-denied" || codeOf(error) === grpc.denied || codeOf(error) === grpc.unauthenticated

/** The reason in few words; the native half of the client gives none. */
const reasonOf = (error: unknown): string => {
  // Of an append that the server gave up the client says nothing else.
  if (typeOf(error) === ("deadline-exceeded" satisfies `${client.ErrorType}`)) return "it took too long"
  const text = error instanceof Error ? error.message : String(error)
  const reason = text
    .replace(/^\d+ [A-Z_]+: /, "")
    // The client does not know the detail, but has the server's message.
    .replace(/^Could not recognize /, "")
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/\s*\(?\d{4}-\d\d-\d\dT[\d:.]+Z\)?/g, "")
    .split("\n")[0]!
    .replace(/\.$/, "")
    .slice(0, maxReasonLength)
  return reason === "" || reason === "UnavailableError" ? "it gives no reason" : reason
}

/** `TST-STORE-AWAY`, which passes, unless it is an error of the port's own, or says that the user may not. */
export const storeFailureOf = (error: unknown, shown: string): StoreUnavailable => {
  if (error instanceof StoreUnavailable) return error
  if (isDenied(error)) {
    return storeFailure(
      "TST-STORE-DENIED",
      `The event store ${shown} does not let this user do it. Name a user and password in the location who may read all ` +
        "streams and write (of the group $admins).",
      error
    )
  }
  return storeFailure("TST-STORE-AWAY", `The event store ${shown} cannot be used: ${reasonOf(error)}.`, error)
}
