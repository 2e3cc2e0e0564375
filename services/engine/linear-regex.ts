/**
 * Attackers write the log lines, so no pattern may backtrack without bound: after so many backtracks V8 goes over to
 * its linear engine, for every pattern that qualifies (see `Pattern.linear` in domain/grok). The flags count only for
 * patterns compiled later, so this module is imported before all others.
 */
import { setFlagsFromString } from "node:v8"

setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks")
setFlagsFromString("--regexp-backtracks-before-fallback=1000")
