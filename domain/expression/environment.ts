import { limit } from "./limit.ts"
import { struct } from "./type.ts"
import type { Effect, Type } from "./type.ts"
import type { Time } from "./time.ts"

/** What an expression may name: variables with their types, and functions besides the built-in ones. */
export interface Environment {
  /** For messages, such as `event` or `profile`. */
  readonly name: string
  readonly variables: ReadonlyMap<string, Variable>
  readonly functions: ReadonlyMap<string, FunctionDeclaration>
}

export interface Variable {
  readonly type: Type
  /** Takes the variable out of the scope that `evaluate` was given. */
  readonly read: (scope: never) => unknown
}

export const variable = <Scope>(type: Type, read: (scope: Scope) => unknown): Variable => ({
  type,
  read: read as (scope: never) => unknown
})

/** The variables of an environment, and `$env`, which has them all as its fields. */
export const variablesOf = (environment: Environment): Environment["variables"] => {
  const known = withAll.get(environment)
  if (known !== undefined) return known
  const fields = () =>
    Object.fromEntries(Array.from(environment.variables, ([name, { type, read }]) => [name, { type, read }] as const))
  const all = variable(struct("$env", { fields }), (scope: object) => scope)
  const variables = new Map([...environment.variables, ["$env", all] as const])
  withAll.set(environment, variables)
  return variables
}

const withAll = new WeakMap<Environment, Environment["variables"]>()

/** Counts steps of the evaluation at hand. Throws `EvaluationError` when there are too many. */
export type Charge = (steps: number) => void

/** A parameter takes one type or any of several. */
export type Parameter = Type | ReadonlyArray<Type>

/** The types that fit a parameter, any of them. */
export const alternatives = (parameter: Parameter): ReadonlyArray<Type> =>
  "kind" in parameter ? [parameter] : parameter

export interface FunctionDeclaration {
  readonly name: string
  readonly parameters: ReadonlyArray<Parameter>
  /** How many of the parameters must be given. */
  readonly required: number
  /** The last parameter may be given any number of times. */
  readonly rest: boolean
  readonly result: Type | ((given: ReadonlyArray<Type>) => Type)
  readonly effect: Effect
  /** Its arguments must be texts that the rule writes out: what is wrong with one, if anything. */
  readonly literal: ((argument: string) => string | undefined) | undefined
  /** It looks at a single place of a list or map, however large that is. */
  readonly glances: boolean
  /** So many characters of the texts that it is given are a step, where a predicate repeats the call. */
  readonly charactersPerStep: number
  /** What it takes does not follow from what it is given and gives: `call` gets a {@link Charge} before what is given. */
  readonly charges: boolean
  /** Gets values of the declared types only; whatever else an expression passes is an error before the call. */
  readonly call: (context: Context, ...given: Array<never>) => unknown
}

export const declare = <Given extends Array<never>>(
  name: string,
  parameters: ReadonlyArray<Parameter>,
  result: Type | ((given: ReadonlyArray<Type>) => Type),
  call: (context: Context, ...given: Given) => unknown,
  options: Partial<Omit<FunctionDeclaration, "name" | "parameters" | "result" | "call">> = {}
): FunctionDeclaration => ({
  name,
  parameters,
  required: options.required ?? parameters.length,
  rest: options.rest ?? false,
  result,
  effect: options.effect ?? "pure",
  literal: options.literal,
  glances: options.glances ?? false,
  charactersPerStep: options.charactersPerStep ?? limit.charactersReadPerStep,
  charges: options.charges ?? false,
  call: call as (context: Context, ...given: Array<never>) => unknown
})

export const functionsOf = (
  ...themes: ReadonlyArray<ReadonlyArray<FunctionDeclaration>>
): ReadonlyMap<string, FunctionDeclaration> =>
  new Map(themes.flat().map((declaration) => [declaration.name, declaration]))

/** The world outside that functions look at. Given when an expression is compiled, asked when it is evaluated. */
export interface Context {
  readonly files: DataFiles
  readonly stashes: Stashes
  /** Detection time of the line at hand: no expression sees a clock. */
  readonly now: () => Time
  /** Text is about to be read into a map of the event. Throws `EvaluationError` when that is too much for one event. */
  readonly unmarshals?: (text: string) => void
  readonly geo?: GeoRecords
  /** The addresses of a host name. May throw what lets the event wait for the answer. */
  readonly addressesOf?: (host: string) => ReadonlyArray<string>
  readonly decisions?: DecisionCounts
  /** false: everything is evaluated anew each time. */
  readonly shortcuts?: boolean
}

/** Data files that rules name by their `dest_file`. */
export interface DataFiles {
  /** Lines of a `string` file without comments and empty lines, always the same array; undefined when unknown. */
  readonly lines: (file: string) => ReadonlyArray<string> | undefined
  /** Whether any pattern of a `regexp` file matches; false when the file is unknown. */
  readonly matches: (file: string, text: string) => boolean
  /** The patterns of a `regexp` file; undefined when unknown. */
  readonly patterns: (file: string) => ReadonlyArray<string> | undefined
  /** The tag of the entry of a `map` file that fits; "" when none does or the file is unknown. */
  readonly lookup: (file: string, text: string) => string
  /** Whether a request is of a bot that any of the `bots` files knows, as far as can be told without asking the DNS. */
  readonly isKnownBot: (files: ReadonlyArray<string>, address: string, agent: string, path: string) => boolean
  /** The entries of a `map` file; undefined when unknown. */
  readonly entries: (file: string) => ReadonlyArray<ReadonlyMap<string, string>> | undefined
}

export interface Stashes {
  /** "" when the stash or key is unknown or expired. */
  readonly get: (stash: string, key: string) => string
  /** Nothing happens when the stash is unknown. `ttl` in nanoseconds; undefined: that of the stash. */
  readonly set: (stash: string, key: string, value: string, ttl: bigint | undefined) => void
}

/** Undefined where there is no database; an address that a database does not know has empty texts and zeros. */
export interface GeoRecords {
  readonly city: (address: string) => GeoCity | undefined
  readonly network: (address: string) => GeoNetwork | undefined
}

/** Where an address is: of its country, else the registered, else the represented one. */
export interface GeoCity {
  /** ISO 3166 code, "" when unknown. */
  readonly country: string
  readonly inEuropeanUnion: boolean
  /** Degrees, 0 when unknown. */
  readonly latitude: number
  readonly longitude: number
}

/** The autonomous system that an address belongs to. */
export interface GeoNetwork {
  readonly number: number
  readonly organization: string
  /** The record's network in CIDR notation. */
  readonly range: string
}

/** Past and active decisions about a value, for profiles. */
export interface DecisionCounts {
  readonly all: (value: string) => number
  readonly active: (value: string) => number
  readonly since: (value: string, nanoseconds: bigint) => number
  /** Nanoseconds that the longest active decision still lasts. */
  readonly timeLeft: (value: string) => bigint
}
