/** Names of streams. One file knows how they are made, so that a dossier is always found again. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"

/** A value goes into a stream name as it is when it is short and printable; otherwise its hash does. */
const readable = (value: string): string =>
  value.length <= 100 && /^[\x21-\x7e]+$/.test(value) ? value : `sha256.${bytesToHex(sha256(utf8ToBytes(value)))}`

/** What the names of all dossiers begin with. */
export const offenderStreams = "offender-"

/** The dossier of one offender: `offender-Ip:203.0.113.7`. */
export const offenderStream = (scope: string, value: string): string =>
  `${offenderStreams}${readable(scope)}:${readable(value)}`

/** A name that a node can have: it goes into stream names, before a colon. */
export const isNodeName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)

const nodeOfSource = /^@([A-Za-z0-9._-]+):/

/**
 * The source that a log is for a node: `@web1:/var/log/auth.log`, so that the same path on two machines is two sources.
 * The only node of a store needs no name.
 */
export const sourceOf = (node: string | undefined, log: string): string =>
  node === undefined ? log : `@${node}:${log}`

/** The node that reads a source, undefined for one without a name. */
export const nodeOf = (source: string): string | undefined => nodeOfSource.exec(source)?.[1]

/** `log-/var/log/auth.log`, `log-@web1:/var/log/auth.log`. */
export const logStream = (source: string): string => {
  const node = nodeOfSource.exec(source)?.[0] ?? ""
  return `log-${node}${readable(source.slice(node.length))}`
}

/** What the names of all log streams of a node begin with. */
export const logStreamsOf = (node: string): string => `log-@${node}:`

export const bouncerStream = (name: string): string => `bouncer-${readable(name)}`

export const allowlistStream = (name: string): string => `allowlist-${readable(name)}`

/** The rules of the instance, or of an agent of its own. */
export const rulesetStream = (agent?: string): string => (agent === undefined ? "ruleset" : `ruleset-${agent}`)

/** How time passes for the instance, or for an agent of its own. */
export const timeStream = (agent?: string): string => (agent === undefined ? "time" : `time-${agent}`)

/** Who holds a role: `lease-api`, `lease-agent-web1`. */
export const leaseStream = (role: string): string => `lease-${role}`

export const contentStream = "content"
export const namesStream = "names"
export const decisionNumbersStream = "decision-numbers"
export const auditStream = "audit"
