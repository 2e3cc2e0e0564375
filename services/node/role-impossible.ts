/** A role that this node cannot have. The message is for people and says what to do. */
import * as Data from "effect/Data"

export class RoleImpossible extends Data.TaggedError("RoleImpossible")<{
  /** `TST-RUN-ROLE` or `TST-RUN-NODE` */
  readonly code: string
  readonly message: string
}> {}
