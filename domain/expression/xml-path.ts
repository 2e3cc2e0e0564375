/** Paths into XML as Go's etree has them, as far as rules use them. */
import { limit } from "./limit.ts"
import { type Element, named } from "./xml.ts"

type Filter = (elements: ReadonlyArray<Element>) => ReadonlyArray<Element>

interface Segment {
  /** `known`: elements that were found already, each with all that it holds, where that may matter. */
  readonly select: (element: Element, known?: ReadonlySet<Element>) => ReadonlyArray<Element>
  readonly filters: ReadonlyArray<Filter>
}

/** Steps from the document; undefined when the path is not one. */
export type XmlPath = ReadonlyArray<Segment> | undefined

/**
 * `/Event/EventData[1]/Data[@Name='x']`; also `.`, `..`, `*`, `//`, `[tag]`, `[tag="x"]`, `[@attribute]`, `[-1]`, and what
 * an element says of itself: `[text()='x']`, `[name()]`.
 */
export const compileXmlPath = (path: string): XmlPath => {
  const relative = path.startsWith("//") ? `.${path}` : path.startsWith("/") ? path.slice(1) : path
  const complete = relative.endsWith("//") ? `${relative}*` : relative
  const segments: Array<Segment> = []
  for (const step of segmentsOf(complete)) {
    const [selector, ...brackets] = step.split("[")
    const filters: Array<Filter> = []
    for (const bracket of brackets) {
      const filter = bracket.endsWith("]") ? filterOf(bracket.slice(0, -1)) : undefined
      if (filter === undefined) return undefined
      filters.push(filter)
    }
    segments.push({ select: selectorOf(selector!), filters })
  }
  return segments
}

/** Split at slashes that are not within quotes. */
const segmentsOf = (path: string): ReadonlyArray<string> => {
  const segments = [""]
  let quote = ""
  for (const character of path) {
    if (quote === "" && (character === "'" || character === '"')) quote = character
    else if (quote === character) quote = ""
    if (character === "/" && quote === "") segments.push("")
    else segments[segments.length - 1] += character
  }
  return segments
}

const selectorOf = (selector: string): Segment["select"] => {
  switch (selector) {
    case ".":
      return (element) => [element]
    case "..":
      return (element) => (element.parent === undefined ? [] : [element.parent])
    case "*":
      return (element) => element.children
    case "":
      return descendants
    default:
      return (element) => element.children.filter(isNamed(selector))
  }
}

const isNamed = (wanted: string) => {
  const { space, name } = named(wanted)
  return (item: { readonly space: string; readonly name: string }): boolean =>
    item.name === name && (space === "" || space === item.space)
}

/** An element and all that is in it, but for what is known with all that is in it. */
const descendants = (element: Element, known?: ReadonlySet<Element>): ReadonlyArray<Element> => {
  if (known?.has(element)) return []
  const found = [element]
  for (const next of found) for (const child of next.children) if (!known?.has(child)) found.push(child)
  return found
}

/** `xmlns` of an element, or of the nearest one around it that has one. */
const namespaceOf = (element: Element): string => {
  const isDeclared = ({ space, name }: Element["attributes"][number]): boolean =>
    element.space === "" ? space === "" && name === "xmlns" : space === "xmlns" && name === element.space
  for (let around: Element | undefined = element; around !== undefined; around = around.parent) {
    const declared = around.attributes.find(isDeclared)
    if (declared !== undefined) return declared.value
  }
  return ""
}

/** What an element can be asked about itself. */
const properties: ReadonlyMap<string, (element: Element) => string> = new Map([
  ["text", ({ text }: Element) => text],
  ["name", ({ space, name }: Element) => (space === "" ? name : `${space}:${name}`)],
  ["local-name", ({ name }: Element) => name],
  ["namespace-prefix", ({ space }: Element) => space],
  ["namespace-uri", namespaceOf]
])

const filterOf = (filter: string): Filter | undefined => {
  const valued = /^(@?)([^=]+)=(?:'([^']*)'|"([^"]*)")$/.exec(filter)
  const wantedValue = valued?.[3] ?? valued?.[4]
  const asked = valued === null ? filter : `${valued[1]}${valued[2]}`
  if (asked.endsWith("()")) {
    const property = properties.get(asked.slice(0, -2))
    if (property === undefined) return undefined
    return (elements) =>
      elements.filter((element) => {
        const text = property(element)
        return wantedValue === undefined ? text !== "" : text === wantedValue
      })
  }
  if (valued === null) {
    if (/^-?\d{1,9}$/.test(filter)) {
      const position = Number(filter)
      return (elements) => [elements.at(position > 0 ? position - 1 : position)].filter((each) => each !== undefined)
    }
    if (filter === "" || filter.includes("=")) return undefined
  }
  const isWanted = isNamed(asked.replace(/^@/, ""))
  const hasValue = (value: string): boolean => wantedValue === undefined || value === wantedValue
  return asked.startsWith("@")
    ? (elements) =>
        elements.filter(({ attributes }) => attributes.some((each) => isWanted(each) && hasValue(each.value)))
    : (elements) => elements.filter(({ children }) => children.some((each) => isWanted(each) && hasValue(each.text)))
}

/** The first element at the path. */
export const findElement = (document: Element, path: XmlPath): Element | undefined => {
  if (path === undefined) return undefined
  let found: ReadonlySet<Element> = new Set([document])
  for (const { select, filters } of path) {
    const next = new Set<Element>()
    let met = 0
    for (const element of found) {
      const selected = filters.length === 0 ? select(element, next) : select(element)
      for (const each of filters.reduce((elements, filter) => filter(elements), selected)) next.add(each)
      met += selected.length
      if (met > limit.resultItems) return undefined
    }
    found = next
  }
  return found.values().next().value
}
