/** Collects what is wrong with one file, so that a person sees all of it at once and a hostile file cannot flood them. */
import { printable } from "../text/printable.ts"
import type { Problem } from "./problem.ts"

/** Where in a file: line from 1, dotted path of the key ("" for the document itself). */
export interface Place {
  readonly line: number
  readonly key: string
}

/** A text of a file, and where it stands. */
export interface Located extends Place {
  readonly text: string
}

/** The codes of what can be wrong with any YAML file; rules and the configuration each have their own set. */
export interface DocumentCodes {
  readonly encoding: string
  readonly syntax: string
  readonly tooLarge: string
  readonly duplicateKey: string
  readonly unknownKey: string
  readonly missingKey: string
  readonly wrongType: string
  readonly wrongValue: string
}

/** What a reader gives back instead of a value when it has reported why there is none. */
export const broken: unique symbol = Symbol("broken")
export type Broken = typeof broken

export interface Report {
  readonly codes: DocumentCodes
  readonly problems: ReadonlyArray<Problem>
  /** The item is left out. Gives {@link broken} so that a reader can return it. */
  readonly error: (code: string, place: Place | undefined, message: string) => Broken
  /** The item works, but perhaps not as meant. */
  readonly warning: (code: string, place: Place | undefined, message: string) => void
  /**
   * Counts one value that is read. False, and reported once, when the file has had its share: with aliases a small
   * file can stand for a tree without end.
   */
  readonly admit: (place: Place) => boolean
}

const maximumProblems = 100
const maximumValues = 200_000

/** A report on one file; `file` is its path as the person knows it. */
export const openReport = (file: string, codes: DocumentCodes): Report => {
  const problems: Problem[] = []
  const path = printable(file, 1_000)
  let values = 0

  const add = (severity: Problem["severity"], code: string, place: Place | undefined, message: string): void => {
    if (problems.length >= maximumProblems) return
    problems.push({
      code,
      severity,
      file: path,
      ...(place === undefined ? {} : { line: place.line }),
      ...(place === undefined || place.key === "" ? {} : { key: place.key }),
      message
    })
  }

  return {
    codes,
    problems,
    error: (code, place, message) => {
      add("error", code, place, message)
      return broken
    },
    warning: (code, place, message) => add("warning", code, place, message),
    admit: (place) => {
      values += 1
      if (values === maximumValues + 1) {
        const message = `holds more than ${maximumValues} values, aliases expanded; split it into several files`
        add("error", codes.tooLarge, place, message)
      }
      return values <= maximumValues
    }
  }
}

/** A name or value of a file, short enough to stand within a message. */
export const brief = (text: string): string => printable(text, 60)

/** What a message about the text of a key begins with. */
export const inKey = ({ key }: { readonly key: string }): string => `${quote(key)}: `

export const quote = (text: string): string => `\`${brief(text)}\``
