import type { Environment } from "../environment.ts"
import { functionsOf, variable } from "../environment.ts"
import { crowdsecFunctions } from "../functions/catalogue.ts"
import { decisionFunctions } from "../functions/decision.ts"
import type { AlertObject } from "./alert.ts"
import { alertType } from "./alert.ts"

export interface ProfileScope {
  readonly Alert: AlertObject
}

/** Filters and `duration_expr` of profiles. They may ask for earlier decisions. */
export const profileEnvironment: Environment = {
  name: "profile",
  variables: new Map([["Alert", variable(alertType, (scope: ProfileScope) => scope.Alert)]]),
  functions: new Map([...crowdsecFunctions, ...functionsOf(decisionFunctions)])
}
