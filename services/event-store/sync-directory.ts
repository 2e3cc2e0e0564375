import { closeSync, fsyncSync, openSync } from "node:fs"

/** Makes the names in a directory durable: whoever syncs a file does not sync that it is there. */
export const syncDirectory = (directory: string): void => {
  const descriptor = openSync(directory, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
