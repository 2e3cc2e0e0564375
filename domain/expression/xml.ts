/** Just enough XML for event logs: elements, attributes, text. */
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

/** `prefix:name` apart; the prefix is empty where there is none. */
export const named = (name: string): { space: string; name: string } => {
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
      // What is nested too deep is left out: whoever writes one field must not hide the others.
      if (depth < limit.dataDepth) current.children.push(element)
      at = tag.lastIndex
      if (empty === "") {
        current = element
        depth += 1
      }
    }
  }
  return current === document ? document : undefined
}
