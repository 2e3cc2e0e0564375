import { describe, expect, it } from "vitest"
import { read, told } from "./rule-file.fixture.ts"

describe("a profile", () => {
  it("is read with defaults", () => {
    const profile =
      "name: ban\nfilters:\n  - Alert.Remediation == true\ndecisions:\n  - type: ban\n    duration: 7d\non_success: break\nnotifications: [mail]\n---\nname: none\n"
    expect(read("profiles", profile)).toMatchObject({
      problems: [],
      rules: [
        {
          kind: "profiles",
          name: "ban",
          filters: [{ text: "Alert.Remediation == true", line: 3, key: "filters[0]" }],
          decisions: [{ type: "ban", duration: "7d", scope: "", origin: "", simulated: false }],
          durationExpression: undefined,
          onSuccess: "break",
          onError: ""
        },
        { name: "none", decisions: [], onSuccess: "continue" }
      ]
    })
  })

  it.each([
    ["decisions: []\n", "x.yaml, line 1: `name` is missing (TST-RULE-MISSING-KEY)"],
    [
      "name: a\ndecisions: [{type: ban, duration: 4 hours}]\n",
      "x.yaml, line 2: `decisions[0].duration` must be a duration such as `4h` or `7d`, but is `4 hours` (TST-RULE-WRONG-VALUE)"
    ],
    [
      "name: a\ndecisions: [{type: ban, duration_expr: x}]\n",
      "x.yaml, line 2: `duration_expr` is not a known key here; it belongs to the profile, beside `decisions` (TST-RULE-UNKNOWN-KEY)"
    ],
    [
      "name: a\non_success: breek\n",
      "x.yaml, line 2: `on_success` must be one of continue, break, but is `breek`; did you mean `break`? (TST-RULE-WRONG-VALUE)"
    ]
  ])("that is wrong is told once: %j", (content, message) => {
    expect(told("profiles", content)).toEqual([message])
  })
})
