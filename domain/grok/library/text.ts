import type { NamedPattern } from "../library.ts"

/** Words, numbers and quoted text. */
export const TEXT_PATTERNS: ReadonlyArray<NamedPattern> = [
  ["WORD", "\\b\\w+\\b"],
  ["NOTSPACE", "\\S+"],
  ["SPACE", "\\s*"],
  ["DATA", ".*?"],
  ["GREEDYDATA", ".*"],
  ["NOTDQUOTE", '[^"]*'],
  ["QUOTEDSTRING", quoted('"', "'", "`")],
  ["QS", "%{QUOTEDSTRING}"],

  ["INT", "[+-]?[0-9]+"],
  ["BASE10NUM", "[+-]?(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)"],
  ["NUMBER", "%{BASE10NUM}"],
  ["BASE16NUM", "[+-]?(?:0x)?[0-9A-Fa-f]+"],
  ["BASE16FLOAT", "\\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?|\\.[0-9A-Fa-f]+)\\b"],
  ["POSINT", "\\b[1-9][0-9]*\\b"],
  ["NONNEGINT", "\\b[0-9]+\\b"],
  ["UUID", "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"],

  ["USERNAME", "[A-Za-z0-9._-]+"],
  ["USER", "%{USERNAME}"],
  ["EMAILLOCALPART", "[A-Za-z0-9_+-=]+"],
  ["EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"],
  ["HTTPDUSER", "%{EMAILADDRESS}|%{USER}"],
  // Without digits, as everywhere: hub content knows what a name is cut to by it, and takes other names with its own.
  ["NGUSER", "[A-Za-z.@+_%-]+"],
  ["NGUSERNAME", "%{NGUSER}"],

  ["LOGLEVEL", logLevels()],

  ["UNIXPATH", "/(?:[\\w%!$@:.,~/-]|\\\\.)*"],
  ["WINPATH", "(?:[A-Za-z]+:|\\\\)\\\\[^?*]*"],
  ["PATH", "%{UNIXPATH}|%{WINPATH}"],
  ["TTY", "/dev/(?:pts|tty[pq]?)\\w*/?[0-9]+"],

  ["JAVACLASS", "(?:[A-Za-z$_][A-Za-z$_0-9]*\\.)*[A-Za-z$_][A-Za-z$_0-9]*"],
  ["JAVAMETHOD", "<(?:cl)?init>|[A-Za-z$_][A-Za-z$_0-9]*"],
  ["JAVAFILE", "[A-Za-z$_0-9. -]+"]
]

/** Text between two equal quotes; a backslash takes the next character with it. */
function quoted(...quotes: ReadonlyArray<string>): string {
  return quotes.map((quote) => `${quote}[^${quote}\\\\]*(?:\\\\.[^${quote}\\\\]*)*${quote}`).join("|")
}

/** Each level in lower case, Capitalised and in UPPER CASE; as elsewhere, `war`, `er` and `cri` are levels too. */
function logLevels(): string {
  const levels = ["alert", "trace", "debug", "notice", "info", "warn?(?:ing)?", "err?(?:or)?", "crit?(?:ical)?"]
  return [...levels, "fatal", "severe", "emerg(?:ency)?"]
    .map((level) => `[${level[0]!.toUpperCase()}${level[0]}]${level.slice(1)}|${level.toUpperCase()}`)
    .join("|")
}
