import { parseAddress } from "../../net/address.ts"
import type { FunctionDeclaration, GeoCity, GeoNetwork } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { Float } from "../float.ts"
import { IpRange, ipRangeType } from "../net-value.ts"
import { nearestFloat, parseFloatText } from "../number.ts"
import { boolType, field, floatType, intType, stringType, struct } from "../type.ts"
import { numberOf } from "../value.ts"

const text = stringType
const number = [floatType, intType]

const earthRadius = 6371
const radians = (degrees: number): number => (degrees * Math.PI) / 180

const coordinate = (value: string): number => {
  const parsed = parseFloatText(value)
  if (parsed === undefined) throw new EvaluationError(`${JSON.stringify(value.slice(0, 64))} is not a coordinate`)
  return parsed
}

/** Kilometres over the globe; 0 when either point is 0,0, which means that nobody knows where it is. */
const distance = (given: ReadonlyArray<string>): number => {
  const [latitude, longitude, otherLatitude, otherLongitude] = given.map(coordinate) as [number, number, number, number]
  if ((latitude === 0 && longitude === 0) || (otherLatitude === 0 && otherLongitude === 0)) return 0
  const north = radians(otherLatitude) - radians(latitude)
  const east = radians(otherLongitude) - radians(longitude)
  const chord =
    Math.sin(north / 2) ** 2 + Math.cos(radians(latitude)) * Math.cos(radians(otherLatitude)) * Math.sin(east / 2) ** 2
  return 2 * Math.atan2(Math.sqrt(chord), Math.sqrt(1 - chord)) * earthRadius
}

const isAddress = (text: string): boolean => parseAddress(text) !== undefined

const known = (address: string): string => {
  if (!isAddress(address)) throw new EvaluationError(`${JSON.stringify(address.slice(0, 64))} is not an IP address`)
  return address
}

const countryType = struct("Country", {
  fields: () => ({
    IsoCode: field(text, ({ country }: GeoCity) => country),
    IsInEuropeanUnion: field(boolType, ({ inEuropeanUnion }: GeoCity) => inEuropeanUnion)
  })
})

const locationType = struct("Location", {
  fields: () => ({
    Latitude: field(floatType, ({ latitude }: GeoCity) => latitude),
    Longitude: field(floatType, ({ longitude }: GeoCity) => longitude)
  })
})

/** What a city database says of an address; of CrowdSec's record those parts that every database has. */
const cityType = struct("City", {
  fields: () => ({
    Country: field(countryType, (city: GeoCity) => city),
    Location: field(locationType, (city: GeoCity) => city)
  })
})

const systemType = struct("ASN", {
  fields: () => ({
    AutonomousSystemNumber: field(intType, ({ number }: GeoNetwork) => number),
    AutonomousSystemOrganization: field(text, ({ organization }: GeoNetwork) => organization)
  })
})

export const geoFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("Distance", [text, text, text, text], floatType, (_, ...given: Array<never>) => new Float(distance(given))),
  declare(
    "FloatApproxEqual",
    [number, number],
    boolType,
    (_, left: number | Float, right: number | Float) => Math.abs(numberOf(left)! - numberOf(right)!) < 1e-6
  ),
  declare("Atof", [text], floatType, (_, value: string) => new Float(nearestFloat(value))),
  declare(
    "IPToCountry",
    [text],
    text,
    ({ geo }, address: string) => (isAddress(address) ? (geo?.city(address)?.country ?? "") : ""),
    { effect: "reads" }
  ),
  declare("GeoIPEnrich", [text], cityType, ({ geo }, address: string) => geo?.city(known(address)), {
    effect: "reads"
  }),
  declare("GeoIPASNEnrich", [text], systemType, ({ geo }, address: string) => geo?.network(known(address)), {
    effect: "reads"
  }),
  declare(
    "GeoIPRangeEnrich",
    [text],
    ipRangeType,
    ({ geo }, address: string) => {
      const range = geo?.network(known(address))?.range ?? ""
      return range === "" ? undefined : new IpRange(range)
    },
    { effect: "reads" }
  )
]
