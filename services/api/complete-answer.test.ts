import { expect, it } from "vitest"
import { CompleteAnswer } from "./complete-answer.ts"
import type { Selection } from "./decision-stream.ts"

it("selects once for all who ask the same before anything changed, and says where that stands", () => {
  const complete = new CompleteAnswer()
  let selections = 0
  const select = (): Selection => {
    selections += 1
    return { new: [], deleted: [] }
  }
  const ask = (question: string, position: number, at: number) => {
    const before = selections
    const { pull } = complete.of(question, { position, at }, select)
    return { pull, anew: selections > before }
  }
  expect(ask("startup=true", 7, 10_000)).toEqual({ pull: { position: 7, at: 10_000 }, anew: true })
  expect(ask("startup=true", 7, 10_900)).toEqual({ pull: { position: 7, at: 10_000 }, anew: false })
  expect(ask("startup=true&origins=lists", 7, 10_900).anew).toBe(true)
  expect(ask("startup=true&origins=lists", 8, 10_900).anew).toBe(true)
  expect(ask("startup=true&origins=lists", 8, 11_900).anew).toBe(true)
  expect(ask("startup=true&origins=lists", 8, 11_000)).toEqual({ pull: { position: 8, at: 11_000 }, anew: true })
})
