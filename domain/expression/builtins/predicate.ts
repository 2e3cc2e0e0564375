/** Built-in functions whose second argument is a predicate, and how many arguments they take. */
export const predicateArity: ReadonlyMap<string, { readonly required: number; readonly allowed: number }> = new Map([
  ["all", { required: 2, allowed: 2 }],
  ["none", { required: 2, allowed: 2 }],
  ["any", { required: 2, allowed: 2 }],
  ["one", { required: 2, allowed: 2 }],
  ["filter", { required: 2, allowed: 2 }],
  ["map", { required: 2, allowed: 2 }],
  ["count", { required: 1, allowed: 2 }],
  ["sum", { required: 1, allowed: 2 }],
  ["find", { required: 2, allowed: 2 }],
  ["findIndex", { required: 2, allowed: 2 }],
  ["findLast", { required: 2, allowed: 2 }],
  ["findLastIndex", { required: 2, allowed: 2 }],
  ["groupBy", { required: 2, allowed: 2 }],
  ["sortBy", { required: 2, allowed: 3 }],
  ["reduce", { required: 2, allowed: 3 }]
])
