/** Just enough XML for event logs: elements, attributes, text; and the paths of Go's etree that rules use. */
import { limit } from "./limit.ts"

export interface Element {
  readonly space: string
  readonly name: string
  readonly attributes: ReadonlyArray<{ readonly space: string; readonly name: string; readonly value: string }>
  readonly parent: Element | undefined
  readonly children: Array<Element>
  /** Text before the first child. */
  text: string
}

const named = (name: string): { space: string; name: string } => {
  const colon = name.indexOf(":")
  return colon < 0 ? { space: "", name } : { space: name.slice(0, colon), name: name.slice(colon + 1) }
}

const entities: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"]
])

/** Undefined when an entity is not known: strict XML has five, and numbers. */
const decoded = (text: string): string | undefined => {
  if (!text.includes("&")) return text
  let broken = false
  const result = text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,8}));|&/g, (_, decimal, hexadecimal, name) => {
    const code = decimal ? Number(decimal) : hexadecimal ? Number.parseInt(hexadecimal, 16) : undefined
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code)
    const known = entities.get(name ?? "")
    if (known === undefined) broken = true
    return known ?? ""
  })
  return broken ? undefined : result
}

const tag = /<([^\s/>=<"']+)((?:\s+[^\s/>=<"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const attribute = /([^\s/>=<"']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g
const closingTag = /<\/([^\s/>=<"']+)\s*>/y

/** The document as an element without a name; undefined when the text is not well-formed XML. */
export const parseXml = (text: string): Element | undefined => {
  const document: Element = { space: "", name: "", attributes: [], parent: undefined, children: [], text: "" }
  let current = document
  let depth = 0
  let at = 0
  const addText = (part: string | undefined): boolean => {
    if (part === undefined) return false
    if (current.children.length === 0) current.text += part
    return true
  }
  const skipPast = (end: string, from: number): boolean => {
    const found = text.indexOf(end, from)
    at = found + end.length
    return found >= 0
  }
  while (at < text.length) {
    const open = text.indexOf("<", at)
    if (!addText(decoded(text.slice(at, open < 0 ? text.length : open)))) return undefined
    if (open < 0) break
    if (text.startsWith("<!--", open)) {
      if (!skipPast("-->", open + 4)) return undefined
    } else if (text.startsWith("<![CDATA[", open)) {
      if (!skipPast("]]>", open + 9)) return undefined
      addText(text.slice(open + 9, at - 3))
    } else if (text.startsWith("<?", open)) {
      if (!skipPast("?>", open + 2)) return undefined
    } else if (text.startsWith("<!", open)) {
      if (!skipPast(">", open + 2)) return undefined
    } else if (text.startsWith("</", open)) {
      closingTag.lastIndex = open
      const closed = closingTag.exec(text)
      if (closed === null || current.parent === undefined) return undefined
      const { space, name } = named(closed[1]!)
      if (space !== current.space || name !== current.name) return undefined
      current = current.parent
      depth -= 1
      at = closingTag.lastIndex
    } else {
      tag.lastIndex = open
      const opened = tag.exec(text)
      if (opened === null) return undefined
      const [, name, attributeText, empty] = opened
      const attributes: Array<Element["attributes"][number]> = []
      for (const [, key, double, single] of attributeText!.matchAll(attribute)) {
        const value = decoded(double ?? single ?? "")
        if (value === undefined) return undefined
        attributes.push({ ...named(key!), value })
      }
      const element: Element = { ...named(name!), attributes, parent: current, children: [], text: "" }
      current.children.push(element)
      at = tag.lastIndex
      if (empty === "") {
        current = element
        depth += 1
        if (depth > limit.dataDepth) return undefined
      }
    }
  }
  return current === document ? document : undefined
}

type Filter = (elements: ReadonlyArray<Element>) => ReadonlyArray<Element>

interface Segment {
  readonly select: (element: Element) => ReadonlyArray<Element>
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

const descendants = (element: Element): ReadonlyArray<Element> => {
  const found = [element]
  for (const next of found) for (const child of next.children) found.push(child)
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
  const has: (wanted: string, value: string | undefined, isAttribute: boolean) => Filter =
    (wanted, value, isAttribute) => (elements) =>
      elements.filter((element) =>
        isAttribute
          ? element.attributes.some((each) => isNamed(wanted)(each) && (value === undefined || each.value === value))
          : element.children.some((each) => isNamed(wanted)(each) && (value === undefined || each.text === value))
      )
  if (valued !== null) return has(valued[2]!, wantedValue, valued[1] === "@")
  if (/^-?\d{1,9}$/.test(filter)) {
    const position = Number(filter)
    return (elements) => [elements.at(position > 0 ? position - 1 : position)].filter((each) => each !== undefined)
  }
  if (filter === "" || filter.includes("=")) return undefined
  return filter.startsWith("@") ? has(filter.slice(1), undefined, true) : has(filter, undefined, false)
}

/** The first element at the path. */
export const findElement = (document: Element, path: XmlPath): Element | undefined => {
  if (path === undefined) return undefined
  let found: ReadonlySet<Element> = new Set([document])
  for (const { select, filters } of path) {
    const next = new Set<Element>()
    for (const element of found) {
      for (const each of filters.reduce((elements, filter) => filter(elements), select(element))) next.add(each)
      if (next.size > limit.resultItems) return undefined
    }
    found = next
  }
  return found.values().next().value
}
