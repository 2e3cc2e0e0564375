/** What the operating system answered to an operation on a file, for people. */

/** Its own name of what went wrong, such as `ENOENT`. */
export const codeOf = (cause: unknown): string | undefined => {
  const code = (cause as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === "string" ? code : undefined
}

export const isMissing = (cause: unknown): boolean => codeOf(cause) === "ENOENT"

export const isNoFolder = (cause: unknown): boolean => codeOf(cause) === "ENOTDIR"

/** Why it failed, as the rest of a sentence: `it does not exist`. The message of any other error as it is. */
export const reason = (cause: unknown, doing: "reading" | "writing" = "reading"): string => {
  const code = String(codeOf(cause))
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
  return known[code] ?? (cause instanceof Error ? cause.message : String(cause))
}
