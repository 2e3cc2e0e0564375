import type { GeoCity, GeoNetwork } from "../../expression/environment.ts"

/** The port to GeoIP databases. A missing function is a missing database; undefined is an address that it doesn't know. */
export interface GeoLookup {
  readonly city?: (address: string) => GeoCity | undefined
  readonly network?: (address: string) => GeoNetwork | undefined
}
