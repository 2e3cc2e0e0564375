/** Codes of everything that can be wrong with a rule file. Stable: people search for them. */
import type { DocumentCodes } from "../document/report.ts"

export const ruleCodes = {
  encoding: "TST-RULE-ENCODING",
  syntax: "TST-RULE-SYNTAX",
  tooLarge: "TST-RULE-TOO-LARGE",
  duplicateKey: "TST-RULE-DUPLICATE-KEY",
  unknownKey: "TST-RULE-UNKNOWN-KEY",
  missingKey: "TST-RULE-MISSING-KEY",
  wrongType: "TST-RULE-WRONG-TYPE",
  wrongValue: "TST-RULE-WRONG-VALUE",
  /** Warning: a file without any rule. */
  empty: "TST-RULE-EMPTY",
  /** A parser's file that lies in no stage's folder. */
  noStage: "TST-RULE-NO-STAGE",
  /** A node that could do nothing. */
  emptyNode: "TST-RULE-EMPTY-NODE",
  /** A `format` that this version does not read. */
  format: "TST-RULE-FORMAT",
  /** Warning: something written that changes nothing. */
  noEffect: "TST-RULE-NO-EFFECT",
  /** Warning: allowed, and almost certainly not meant. */
  doubtful: "TST-RULE-DOUBTFUL"
} as const satisfies DocumentCodes & Record<string, string>
