import { userInfo } from "node:os"

/** Who answers for what a command does to the log: the user of the operating system. */
export const operator = (): string => {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`
  }
}
