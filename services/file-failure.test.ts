import { expect, it } from "vitest"
import { reason } from "./file-failure.ts"

it("what is not permitted is what was tried", () => {
  const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" })
  expect(reason(denied)).toBe("reading it is not permitted")
  expect(reason(denied, "writing")).toBe("writing it is not permitted")
})
