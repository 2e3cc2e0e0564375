/** Why nothing can be loaded at all. All that is wrong with single files is a `Problem` instead. */
import * as Data from "effect/Data"

export class HubUnreadable extends Data.TaggedError("HubUnreadable")<{
  readonly code: "TST-HUB-UNREADABLE"
  readonly folder: string
  readonly message: string
}> {}

const codeOf = (cause: unknown): unknown => (cause as { readonly code?: unknown } | null)?.code

export const isMissing = (cause: unknown): boolean => codeOf(cause) === "ENOENT"

export const isNoFolder = (cause: unknown): boolean => codeOf(cause) === "ENOTDIR"

/** What a failed file operation means to a person. */
export const reason = (cause: unknown, doing: "reading" | "writing" = "reading"): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined
  const known: Readonly<Record<string, string>> = {
    ENOENT: "it does not exist",
    ENOTDIR: "it is not a folder",
    EISDIR: "it is a folder",
    EACCES: `${doing} it is not permitted`,
    EPERM: `${doing} it is not permitted`,
    EROFS: "nothing can be written there",
    ENOSPC: "there is no space left",
    ELOOP: "its symbolic links go round in circles",
    EMFILE: "too many files are open",
    ENAMETOOLONG: "its name is too long"
  }
  return (code !== undefined && known[code]) || (cause instanceof Error ? cause.message : String(cause))
}
