/** Offenders as the projections name them. */

/** Key of one offender in a Map. The length in front keeps `("a", "bc")` and `("ab", "c")` apart whatever they contain. */
export const offenderKey = (scope: string, value: string): string => `${scope.length}:${scope}${value}`

/** The attack kind of an overflow: the label `behavior` of its scenario (`ssh:bruteforce`), else the scenario's name. */
export const attackKind = (overflow: {
  readonly scenario: { readonly name: string }
  readonly labels: Readonly<Record<string, unknown>>
}): string => {
  const behaviour = Object.hasOwn(overflow.labels, "behavior") ? overflow.labels["behavior"] : undefined
  return typeof behaviour === "string" && behaviour !== "" ? behaviour : overflow.scenario.name
}
