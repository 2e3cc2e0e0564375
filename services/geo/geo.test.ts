import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { openGeo } from "./geo.ts"

// Made-up rows: 1.2.3.0/24 is in France and of AS 4242.
const data = fileURLToPath(new URL("../../../shared/hub-data", import.meta.url))
const file = (name: string) => ({
  kind: "data" as const,
  path: `${name}.mmdb`,
  file: `${data}/${name}.mmdb`,
  version: "?",
  content: readFileSync(`${data}/${name}.mmdb`)
})
const { geo, problems } = openGeo(["GeoLite2-Test-City", "GeoLite2-Test-ASN"].map(file))

test("knows addresses by their rows, however they are written", () => {
  expect(problems).toEqual([])
  const known = geo.city!("1.2.3.4")
  expect(known).toMatchObject({ country: "FR", inEuropeanUnion: true })
  expect(geo.city!("::ffff:1.2.3.4")).toEqual(known)
  expect(geo.network!("1.2.3.4")).toMatchObject({ number: 4242, range: "1.2.3.0/24" })
  expect(geo.network!("::ffff:1.2.3.4")).toMatchObject({ number: 4242, range: "1.2.3.0/24" })
})

test.each(["", "garbage", "1.2.3.4/24", "1.2.3.4 ", "01.2.3.4", "[::1]", "fe80::1%eth0"])(
  "%s is no address",
  (text) => {
    expect(geo.city!(text)).toBeUndefined()
    expect(geo.network!(text)).toBeUndefined()
  }
)
