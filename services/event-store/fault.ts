/** What is wrong with a store, where nothing of Effect is loaded: in the writer's thread. `failure.ts` makes it the port's error. */

/** Stable codes of the stores' errors. */
export type StoreFailureCode =
  | "TST-STORE-AWAY"
  | "TST-STORE-BUSY"
  | "TST-STORE-CLOSED"
  | "TST-STORE-CONNECTION"
  | "TST-STORE-DAMAGED"
  | "TST-STORE-DENIED"
  | "TST-STORE-DIRECTORY"
  | "TST-STORE-FULL"
  | "TST-STORE-IN-USE"
  | "TST-STORE-IO"
  | "TST-STORE-LIMIT"
  | "TST-STORE-LOST"
  | "TST-STORE-MISSING"
  | "TST-STORE-MOVED"
  | "TST-STORE-NEWER"
  | "TST-STORE-OLDER"
  | "TST-STORE-POSITION"
  | "TST-STORE-READ-ONLY"
  | "TST-STORE-READER"

export class StoreFault extends Error {
  readonly code: StoreFailureCode

  constructor(code: StoreFailureCode, message: string) {
    super(message)
    this.code = code
  }
}
