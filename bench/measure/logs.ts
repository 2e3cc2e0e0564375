/** The logs that benchmarks read, and the lines that attackers would write into them. */
import { botnet } from "../../fixtures/generators/botnet.ts"
import { sshAttackers } from "../../fixtures/generators/ssh-attackers.ts"
import { visitors } from "../../fixtures/generators/visitors.ts"

export interface BenchLog {
  readonly name: "nginx" | "ssh"
  readonly type: "nginx" | "syslog"
  /** Without the author. */
  readonly collections: ReadonlyArray<string>
  /** A bare regular expression for the same format: the yardstick. */
  readonly format: RegExp
  readonly lines: (count: number) => Iterable<string>
  /** What an ordinary line is turned into, by name. `number`: of the line. */
  readonly worst: Readonly<Record<string, (line: string, number: number) => string>>
  /** What those lines are made of and compared with: visitors, or the ssh log as it is. */
  readonly ordinary: (count: number) => Iterable<string>
}

const sshLines = (count: number): Iterable<string> =>
  sshAttackers({ seed: 7, attackers: Math.ceil(count / 230), administrators: Math.ceil(count / 170) }).lines

export const benchLogs: ReadonlyArray<BenchLog> = [
  {
    name: "nginx",
    type: "nginx",
    collections: ["linux", "nginx"],
    format: /^(\S+) - (\S+) \[([^\]]+)\] "(\S+) (\S+) HTTP\/([\d.]+)" (\d+) (\d+) "([^"]*)" "([^"]*)"/,
    // Twice as many actors as the lines ask for: the log is cut, so that its density is always the same.
    lines: (count) => botnet({ seed: 7, bots: Math.ceil(count / 50), visitors: Math.ceil(count / 18) }).lines,
    ordinary: (count) => visitors({ seed: 7, days: 1, visits: Math.ceil(count / 4) }).lines,
    worst: {
      "a required literal missing": (line) => line.replaceAll('"', "'"),
      "all literals, but a wrong month": (line) => line.replace(/\/[A-Z][a-z]{2}\//, "/Mxr/"),
      "all literals, but no status": (line) => line.replace(/" \d{3} /, '" abc '),
      "all user agents different": (line, number) => line.replace(/"$/, ` ${number}"`),
      "all paths different": (line, number) => line.replace(/ HTTP\//, `?${number} HTTP/`),
      "a letter beyond ASCII in the path": (line) => line.replace(/ HTTP\//, "é HTTP/"),
      "nothing but spaces and quotes": (line) => line.replaceAll(/[^"]/g, " "),
      "nothing but digits and dots": (line) => line.replaceAll(/[^.]/g, "1")
    }
  },
  {
    name: "ssh",
    type: "syslog",
    collections: ["linux", "sshd"],
    format: /^(\w{3} [ \d]\d [\d:]{8}) (\S+) sshd\[(\d+)\]: (.*?) (?:from|rhost=) ?(\d+\.\d+\.\d+\.\d+)/,
    lines: sshLines,
    ordinary: sshLines,
    worst: {
      "a required literal missing": (line) => line.replace("]: ", "] "),
      "all literals, but a wrong month": (line) => line.replace(/^[A-Z][a-z]{2}/, "Mxr"),
      "a message that nobody knows": (line) =>
        line.replace(/\]: .*/, "]: error: kex_exchange_identification: read: reset"),
      "another program": (line) => line.replace("sshd[", "cron["),
      "all user names different": (line, number) => line.replace(/ from /, `${number} from `),
      "a wrong address": (line) => line.replaceAll(/\d+\.\d+\.\d+\.\d+/g, "1.2.3.x"),
      "nothing but spaces": (line) => `${line.slice(0, 40)}${" ".repeat(line.length - 40)}`
    }
  }
]
