import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { limit } from "../limit.ts"
import { stringType } from "../type.ts"
import { type Element, parseXml } from "../xml.ts"
import { compileXmlPath, findElement, type XmlPath } from "../xml-path.ts"

const text = stringType

/** Rules ask one line for fifty values, one after the other: the last document is kept. */
let last: { readonly text: string; readonly document: Element | undefined } = { text: "", document: undefined }

const documentOf = (xml: string): Element | undefined => {
  if (last.text !== xml) last = { text: xml, document: parseXml(xml) }
  return last.document
}

const paths = new Map<string, XmlPath>()

const pathOf = (path: string): XmlPath => {
  const known = paths.get(path)
  if (known !== undefined) return known
  if (paths.size >= limit.xmlPaths) paths.clear()
  const compiled = compileXmlPath(path)
  if (compiled !== undefined && path.length <= limit.xmlPathLength) paths.set(path, compiled)
  return compiled
}

const elementAt = (xml: string, path: string): Element | undefined => {
  const document = documentOf(xml)
  return document === undefined ? undefined : findElement(document, pathOf(path))
}

const rewrites = { charactersPerStep: limit.charactersRewrittenPerStep }

export const xmlFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare(
    "XMLGetNodeValue",
    [text, text],
    text,
    (_, xml: string, path: string) => elementAt(xml, path)?.text ?? "",
    rewrites
  ),
  declare(
    "XMLGetAttributeValue",
    [text, text, text],
    text,
    (_, xml: string, path: string, name: string) => {
      const attribute = elementAt(xml, path)?.attributes.find(
        (each) => each.name === name || `${each.space}:${each.name}` === name
      )
      return attribute?.value ?? ""
    },
    rewrites
  )
]
