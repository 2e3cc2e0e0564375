/**
 * GeoIP databases behind the engine's port: any MaxMind database file among the rules' data files. MaxMind's own shape
 * (`country.iso_code`, `autonomous_system_number`) and the flat one of some free databases are both understood.
 */
import { type AsnResponse, type CityResponse, Reader, type Response } from "maxmind"
import type { GeoLookup } from "../../domain/detection/world/geo.ts"
import { formatAddress, parseAddress } from "../../domain/net/address.ts"
import { formatPrefix, parsePrefix } from "../../domain/net/prefix.ts"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"

/** Of a database, what it is about: `GeoLite2-City`, `DBIP-ASN-Lite`… */
const isAbout = (reader: Reader<Response>, word: RegExp): boolean => word.test(reader.metadata.databaseType)

/** A record, and the network that it stands for. */
interface Found<A> {
  readonly record: A
  readonly address: string
  readonly length: number
}

/** An IPv4 address that is written in IPv6 is known as itself. The reader throws where its database has nothing such. */
const find = <A extends Response>(reader: Reader<A>, text: string): Found<A> | undefined => {
  const parsed = parseAddress(text)
  if (parsed === undefined) return undefined
  const address = formatAddress(parsed)
  try {
    const [record, length] = reader.getWithPrefixLength(address)
    return record === null ? undefined : { record, address, length }
  } catch {
    return undefined
  }
}

const flatCountry = (record: Response): string => {
  const code = (record as { readonly country_code?: unknown }).country_code
  return typeof code === "string" ? code : ""
}

/** In CIDR notation. */
const networkOf = ({ address, length }: Found<unknown>): string => {
  const network = parsePrefix(`${address}/${length}`)
  return network === undefined ? "" : formatPrefix(network)
}

export const openGeo = (
  files: ReadonlyArray<RuleFile>
): { readonly geo: GeoLookup; readonly problems: ReadonlyArray<Problem> } => {
  const problems: Array<Problem> = []
  const readers = files
    .filter(({ kind, path }) => kind === "data" && path.endsWith(".mmdb"))
    .flatMap(({ file, content }) => {
      try {
        return [new Reader<Response>(Buffer.from(content.buffer, content.byteOffset, content.byteLength))]
      } catch {
        problems.push({
          code: "TST-GEO-DAMAGED",
          severity: "error",
          file,
          message: "is not a MaxMind database; where an address is stays unknown"
        })
        return []
      }
    })
  const cities = readers.find((reader) => isAbout(reader, /city|country/i)) as Reader<CityResponse> | undefined
  const networks = readers.find((reader) => isAbout(reader, /asn/i)) as Reader<AsnResponse> | undefined
  return {
    problems,
    geo: {
      ...(cities === undefined
        ? {}
        : {
            city: (address: string) => {
              const record = find(cities, address)?.record
              if (record === undefined) return undefined
              const countries = [record.country, record.registered_country, record.represented_country]
              const country = countries.find((each) => Boolean(each?.iso_code))
              return {
                country: country?.iso_code ?? flatCountry(record),
                inEuropeanUnion:
                  country !== undefined && "is_in_european_union" in country && country.is_in_european_union === true,
                latitude: record.location?.latitude ?? 0,
                longitude: record.location?.longitude ?? 0
              }
            }
          }),
      ...(networks === undefined
        ? {}
        : {
            network: (address: string) => {
              const found = find(networks, address)
              return (
                found && {
                  number: found.record.autonomous_system_number ?? 0,
                  organization: found.record.autonomous_system_organization ?? "",
                  range: networkOf(found)
                }
              )
            }
          })
    }
  }
}
