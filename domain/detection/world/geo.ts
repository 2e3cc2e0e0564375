/** The port to GeoIP databases. A missing function is a missing database; undefined is an address that it doesn't know. */
export interface GeoLookup {
  readonly city?: (address: string) => GeoCity | undefined
  readonly network?: (address: string) => GeoNetwork | undefined
}

/** Where an address is: of its country, else the registered, else the represented one. */
export interface GeoCity {
  /** ISO 3166 code, "" when unknown. */
  readonly country: string
  readonly inEuropeanUnion: boolean
  /** Degrees, 0 when unknown. */
  readonly latitude: number
  readonly longitude: number
}

/** The autonomous system that an address belongs to. */
export interface GeoNetwork {
  readonly number: number
  readonly organization: string
  /** The record's network in CIDR notation. */
  readonly range: string
}
