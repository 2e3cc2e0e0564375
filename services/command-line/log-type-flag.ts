/** `--type`: what wrote a log, as parsers ask. */
import * as Flag from "effect/cli/Flag"

export const logTypeFlag = Flag.String("type").pipe(
  Flag.withAlias("t"),
  Flag.withDescription("Which log it is: syslog, nginx, … (the label that parsers look at)")
)
