/** The rules that a benchmark judges by. */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { copyData, type DebianCrowdSec } from "../../test/debian-crowdsec.ts"

export interface Hub {
  readonly folder: string
  readonly data?: string
  /** Whose collections. */
  readonly author: string
}

/** The hub that the flags name, else that of Debian's CrowdSec, whose data files are put into the folder, else our own. */
export const hubFor = (
  flags: { readonly hub?: string | undefined; readonly data?: string | undefined },
  crowdsec: DebianCrowdSec | undefined,
  folder: string
): Hub => {
  if (flags.hub !== undefined) {
    return { folder: flags.hub, author: "crowdsecurity", ...(flags.data === undefined ? {} : { data: flags.data }) }
  }
  if (crowdsec === undefined) return { folder: fileURLToPath(new URL("../../hub", import.meta.url)), author: "testudo" }
  const data = join(folder, "data")
  copyData(crowdsec, data)
  return { folder: crowdsec.hub, data, author: "crowdsecurity" }
}
