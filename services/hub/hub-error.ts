/** Why nothing can be loaded at all. All that is wrong with single files is a `Problem` instead. */
import * as Data from "effect/Data"

export class HubUnreadable extends Data.TaggedError("HubUnreadable")<{
  readonly code: "TST-HUB-UNREADABLE"
  readonly folder: string
  readonly message: string
}> {}

export const isMissing = (cause: unknown): boolean => (cause as { readonly code?: unknown } | null)?.code === "ENOENT"

/** What a failed file operation means to a person. */
export const reason = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined
  const known: Readonly<Record<string, string>> = {
    ENOENT: "it does not exist",
    ENOTDIR: "it is not a folder",
    EISDIR: "it is a folder",
    EACCES: "reading it is not permitted",
    EPERM: "reading it is not permitted",
    ELOOP: "its symbolic links go round in circles",
    EMFILE: "too many files are open",
    ENAMETOOLONG: "its name is too long"
  }
  return (code !== undefined && known[code]) || (cause instanceof Error ? cause.message : String(cause))
}
