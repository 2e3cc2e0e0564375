import fc from "fast-check"
import { expect, test } from "vitest"
import { LineWindow } from "./line-window.ts"

test("gives the same lines, whether bytes are read into its room or pushed from elsewhere", () => {
  const chunk = fc.record({ text: fc.stringMatching(/^[ab\n]{0,12}$/), inRoom: fc.boolean(), takes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 40 }), (chunks) => {
      const window = new LineWindow(0)
      let taken = ""
      const take = () => {
        for (let piece = window.take(3); piece !== undefined; piece = window.take(3)) taken += piece.bytes.toString()
      }
      for (const { text, inRoom, takes } of chunks) {
        const bytes = Buffer.from(text)
        if (inRoom) {
          // A read may bring less than there is room for.
          const room = window.room(bytes.length + 5)
          bytes.copy(room)
          window.push(room.subarray(0, bytes.length))
        } else window.push(bytes)
        if (takes) take()
      }
      window.finish()
      take()
      expect(taken).toBe(chunks.map(({ text }) => text).join(""))
    })
  )
})

test("uses its memory again, and none when nothing waits in it", () => {
  const window = new LineWindow(0)
  const read = (text: string, length = 900) => {
    const room = window.room(length)
    window.push(room.subarray(0, room.write(text)))
    return room.buffer
  }
  const first = read("one\nand a beginning", 1_000)
  expect(window.take()?.bytes.toString()).toBe("one\n")
  expect(read(" of two\n")).toBe(first)
  expect(window.take()?.bytes.toString()).toBe("and a beginning of two\n")
  expect(read("three\n")).not.toBe(first)
})
