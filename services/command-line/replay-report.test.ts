import { expect, test } from "vitest"
import { decisionMade, overflowRaised } from "../../projections/example.fixture.ts"
import { ReplayReport } from "./replay-report.ts"

test.each([
  ["range", "192.0.2.4/20", "Range", "192.0.0.0/20"],
  ["Ip", "2001:DB8:0::7", "Ip", "2001:db8::7"],
  ["User", "bob", "User", "bob"]
])("an offender of the scope %s that is written %s is that of the decision", (scope, value, decided, canonical) => {
  const report = new ReplayReport()
  report.fold(overflowRaised({ scenarioName: "me/scan", source: { scope, value } }, { position: 1 }))
  report.fold(decisionMade({ number: 1, scope: decided, value: canonical }, { position: 2 }))
  expect(report.offenders).toMatchObject([
    { scope: decided, value: canonical, scenarios: ["me/scan"], decision: { type: "ban" } }
  ])
})
