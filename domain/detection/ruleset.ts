/** A ruleset: rule files compiled into what judges, and everything that is wrong with them. */
import type { Activation } from "../events/ruleset.ts"
import type { Environment } from "../expression/environment.ts"
import { postoverflowEnvironment } from "../expression/environment/event.ts"
import { isPure } from "../expression/type.ts"
import { GrokHost } from "../grok/host.ts"
import { dataOf } from "../rules/data-file.ts"
import type { Problem } from "../document/problem.ts"
import type { ContextRule, NodeRule, ParserRule, Rule, RuleFile, ScenarioRule } from "../rules/rule.ts"
import { readRules } from "../rules/rule-file.ts"
import { sameNames } from "../rules/same-name.ts"
import { orderFiles, rulesetHash, rulesetItems } from "../rules/inventory.ts"
import { type AlertContext, compileContexts } from "./overflow/alert-context.ts"
import { Compiler } from "./compiler.ts"
import { DataFileSet } from "./world/data-files.ts"
import { type Liveness, livenessOf } from "./parse/liveness.ts"
import { Node } from "./parse/node.ts"
import { readPatternLibrary } from "./parse/pattern-library.ts"
import { Scenario } from "./bucket/scenario.ts"
import { Stages } from "./parse/stages.ts"
import type { StashRules } from "./world/stash.ts"
import { World } from "./world/world.ts"

/** Part of every ruleset's hash: another version may judge otherwise. Raise it when verdicts change. */
const engineVersion = "testudo-engine/13"

export interface Ruleset {
  /** SHA-256 over all files, the engine's version and whether names are asked. */
  readonly hash: string
  /**
   * SHA-256 over all of it from which follows what becomes of a line, and what alerts show of it: an edit of scenarios,
   * postoverflows or profiles leaves it as it is, but for the data files that they bring.
   */
  readonly parsing: string
  /** What `RulesetActivated` says. */
  readonly activation: Activation
  readonly parsers: Stages
  readonly postoverflows: Stages
  /** In the order in which they are poured. */
  readonly scenarios: ReadonlyArray<Scenario>
  /** What alerts tell about their events. */
  readonly contexts: ReadonlyArray<AlertContext>
  readonly stashes: ReadonlyArray<StashRules>
  /** What the compiled expressions look at. */
  readonly world: World
  /** What parsers may leave out until somebody wants to see the whole event; undefined: nothing. */
  readonly liveness: Liveness | undefined
  /** Alerts are the same a few lines later, and nothing that becomes of them is seen by lines. */
  readonly alertsWait: boolean
}

/**
 * Compiles everything but profiles. What is broken is left out and named with file, line and key; the rest works. Never
 * throws, whatever the files hold.
 */
export const compileRuleset = (
  files: ReadonlyArray<RuleFile>,
  options: { readonly names: Activation["names"]; readonly shortcuts?: boolean }
): { readonly ruleset: Ruleset; readonly problems: ReadonlyArray<Problem> } => {
  const ordered = orderFiles(files)
  const problems: Array<Problem> = []
  // One by one: hostile files bring more of them than a call can take arguments.
  const tell = (more: ReadonlyArray<Problem>): void => {
    for (const problem of more) problems.push(problem)
  }
  const rules = ordered.flatMap((file): ReadonlyArray<Rule> => {
    if (file.kind === "profiles") return []
    const read = readRules(file)
    tell(read.problems)
    return read.rules
  })
  tell(sameNames(rules))
  const parsers = rules.filter((rule): rule is ParserRule => rule.kind === "parsers")
  const postoverflows = rules.filter((rule): rule is ParserRule => rule.kind === "postoverflows")
  const scenarios = rules.filter((rule): rule is ScenarioRule => rule.kind === "scenarios")

  const contexts = rules.filter((rule): rule is ContextRule => rule.kind === "contexts")
  const shortcuts = options.shortcuts ?? true
  const data = new DataFileSet(ordered, shortcuts)
  for (const rule of [...parsers, ...postoverflows, ...scenarios]) for (const file of dataOf(rule)) data.load(file)

  const world = new World(data, shortcuts)
  const library = readPatternLibrary(ordered)
  tell(library.problems)
  // Postoverflows have a name space of patterns of their own.
  const nodeCompiler = (how: { readonly liveness?: Liveness | undefined; readonly environment?: Environment }) =>
    new Compiler(world, new GrokHost(library.patterns, world.shortcuts), how)
  const compileNodes = (each: ReadonlyArray<ParserRule>, compiler: Compiler): Stages => {
    const nodes = each.flatMap(({ stage, node, origin }) => {
      const compiled = compiler.rule(origin.file, () => new Node(node, compiler))
      return compiled === undefined ? [] : [{ stage, node: compiled }]
    })
    tell(compiler.problems)
    return new Stages(nodes, world.shortcuts)
  }
  const liveness = shortcuts ? livenessOf(parsers, scenarios) : undefined
  const compiler = new Compiler(world, new GrokHost())
  const [behind, teller] = [nodeCompiler({ environment: postoverflowEnvironment }), new Compiler(world, new GrokHost())]
  const compiled = {
    parsers: compileNodes(parsers, nodeCompiler({ liveness })),
    postoverflows: compileNodes(postoverflows, behind),
    scenarios: distinct(
      scenarios.flatMap(
        (rule, place) => compiler.rule(rule.origin.file, () => new Scenario(rule, place, compiler)) ?? []
      )
    ),
    contexts: compileContexts(contexts, teller)
  }
  // Without liveness, parsing a line again may give something else.
  const alertsWait =
    liveness !== undefined &&
    isPure(behind.effect) &&
    isPure(teller.effect) &&
    !postoverflows.some(({ node }) => stashesOf(node).length > 0) &&
    !compiled.scenarios.some(({ editsQueued }) => editsQueued)
  tell(compiler.problems)
  tell(teller.problems)
  tell(data.problems)
  const hash = rulesetHash(ordered, `${engineVersion} names ${options.names}`)
  const brought = [...postoverflows, ...scenarios].flatMap(dataOf).map(({ destFile, type }) => `${destFile} ${type}`)
  const parsing = rulesetHash(
    ordered.filter(({ kind }) => kind !== "scenarios" && kind !== "postoverflows" && kind !== "profiles"),
    JSON.stringify([engineVersion, ...new Set(brought)].sort())
  )
  const activation: Activation = { hash, engine: engineVersion, names: options.names, items: rulesetItems(ordered) }
  const stashes = [...parsers, ...postoverflows].flatMap(({ node }) => stashesOf(node))
  return { ruleset: { hash, parsing, activation, ...compiled, stashes, world, liveness, alertsWait }, problems }
}

const stashesOf = (node: NodeRule): ReadonlyArray<StashRules> => [...node.stash, ...node.nodes.flatMap(stashesOf)]

/** Two equal documents would be one scenario that counts everything twice: the first stands. */
const distinct = (scenarios: ReadonlyArray<Scenario>): ReadonlyArray<Scenario> => {
  const identities = new Set<string>()
  return scenarios.filter(({ identity }) => !identities.has(identity) && identities.add(identity))
}
