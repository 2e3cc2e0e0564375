/** Functions of CrowdSec that are left out on purpose, and why: their names get a message of their own. */
const decisions = "only profiles may ask for decisions, because rules are judged before the decisions are made"

export const absentFunctions: ReadonlyMap<string, string> = new Map([
  ["LookupHost", "only postoverflows may ask for the addresses of a host, because a line cannot wait for the answer"],
  ["HTTPGet", "an expression cannot ask the network"],
  ["HTTPHead", "an expression cannot ask the network"],
  ["HTTPPost", "an expression cannot ask the network"],
  ["HTTPRequest", "an expression cannot ask the network"],
  ["CrowdsecCTI", "an expression cannot ask the network"],
  ["JA4H", "it needs a request seen by a web application firewall"],
  ["IsAnomalous", "it asks a machine learning model, which is not part of Testudo"],
  ["LibInjectionIsSQLI", "it belongs to a web application firewall"],
  ["LibInjectionIsXSS", "it belongs to a web application firewall"],
  ["GetDecisionsCount", decisions],
  ["GetDecisionsSinceCount", decisions],
  ["GetActiveDecisionsCount", decisions],
  ["GetActiveDecisionsTimeLeft", decisions],
  ["Hostname", "the result of an expression must not depend on the machine that runs it"],
  ["now", "an expression sees no clock; TimeNow() is the detection time of the line"]
])
