import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isIP } from "node:net"
import { GrokHost } from "./host.ts"
import { PATTERN_LIBRARY } from "./library.ts"

const host = new GrokHost(PATTERN_LIBRARY)

/** The whole of what the pattern finds in the text. */
const found = (name: string, text: string): string | undefined => host.compile(`%{${name}:found}`).match(text)?.[0]

/** Whether the pattern takes all of the text. */
const takes = (name: string, text: string): boolean => host.compile(`^%{${name}:found}$`).match(text) !== undefined

const captures = (pattern: string, text: string): Record<string, string> | undefined => {
  const grok = host.compile(pattern)
  const values = grok.match(text)
  return (
    values && Object.fromEntries(grok.names.map((name, i) => [name, values[i]!]).filter(([, value]) => value !== ""))
  )
}

describe("the pattern library", () => {
  it("names each pattern once, and all of them compile for V8's linear engine", () => {
    expect(new Set(PATTERN_LIBRARY.map(([name]) => name)).size).toBe(PATTERN_LIBRARY.length)
    expect(PATTERN_LIBRARY.filter(([name]) => !host.compile(`%{${name}:found}`).linear)).toEqual([])
  })

  it.each([
    ["USERNAME", ["a.b_c-9"], ["", "a b", "a@b"]],
    ["EMAILADDRESS", ["a.b+c=d@example.org", "1:2@x"], ["a@", "@b", "a b@c"]],
    ["HTTPDUSER", ["bob", "bob@example.org", "-"], ["a b"]],
    ["NGUSER", ["bob@x%_y", "a.b+c-d"], ["bob1", "a b", ""]],
    ["HOSTNAME", ["a", "a-b.example.org", "example.org.", "1and1.com", "xn--x"], ["-a", ".a", "a..b", "a_b", ""]],
    ["INT", ["0", "-12", "+7"], ["", "1.5", "--1"]],
    ["NUMBER", ["0", "-1.5", ".5", "+10"], ["", "1.", "."]],
    ["POSINT", ["1", "120"], ["0", "01", "-1"]],
    ["NONNEGINT", ["0", "007"], ["-1", "a"]],
    ["BASE16NUM", ["ff", "0xFF", "-1a"], ["0xg", ""]],
    ["WORD", ["a_1"], ["a-b", ""]],
    ["NOTDQUOTE", ["", "a b"], ['a"b']],
    ["QS", ['"a b"', '"a\\"b"', "'x'", "``"], ['"a', 'a"', '"a"b"']],
    ["UUID", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000"]],
    ["MAC", ["00:1a:2B:3c:4d:5e", "00-1a-2B-3c-4d-5e", "001a.2b3c.4d5e"], ["00:1a:2b:3c:4d", "00:1a-2b:3c:4d:5e"]],
    ["IPV4", ["0.0.0.0", "255.255.255.255", "001.02.3.4"], ["256.1.1.1", "1.2.3", "1.2.3.4.5"]],
    ["IPV6", ["::1%eth0", "fe80::1%a b"], ["1.2.3.4", ":::", "1::2::3", "12345::", "::ffff:010.1.2.3"]],
    ["URIPROTO", ["http", "git+ssh"], ["1a", "a+"]],
    ["URIPATHPARAM", ["/", "/a/b;c", "/a?x=[1]&y=<2>"], ["a", "/a b", "?x"]],
    ["URI", ["http://a.b:80/c?d", "ftp://u:p@h/", "x://"], ["http:/a", "://a"]],
    ["PATH", ["/", "/a/b\\ c", "C:\\a b\\c", "\\\\server\\x"], ["a", "C:", "/a+b"]],
    ["TTY", ["/dev/pts/0", "/dev/ttyp1"], ["/dev/null"]],
    ["MONTH", ["Jan", "February", "Mär", "Mai", "Okt", "Dez", "Juli"], ["Foo", "jan"]],
    ["MONTHNUM", ["1", "01", "12", "10"], ["0", "13", "00"]],
    ["MONTHDAY", ["1", "01", "31", "20"], ["0", "32", "00"]],
    ["DAY", ["Mon", "Sunday"], ["Xyz"]],
    ["YEAR", ["24", "2024"], ["2", "202"]],
    ["TIME", ["23:59:60", "1:02:03", "01:02:03.456", "01:02:03,4"], ["24:00:00", "01:60:00", "01:02"]],
    ["DATE", ["12/31/2024", "31.12.2024", "2024/12/31", "1-2-24"], ["2024-12-31-1", "2024/1/31"]],
    ["DATESTAMP", ["12/31/2024 01:02:03", "31.12.24-01:02:03"], ["12/31/2024T01:02:03"]],
    ["ISO8601_TIMEZONE", ["Z", "+01:00", "-0530"], ["+1", "UTC"]],
    ["TIMESTAMP_ISO8601", ["2024-02-12T01:02:03.5Z", "2024-02-12 01:02", "2024-02-12T010203+0100"], ["2024-02-12"]],
    ["RFC3339", ["2024-02-12T01:02:03+01:00"], ["2024-02-12 01:02:03Z", "2024-02-12T01:02:03", "2024-2-12T01:02:03Z"]],
    ["TZ", ["CET"], ["cet", "CEST"]],
    ["HTTPDATE", ["04/Jan/2020:08:41:43 +0000"], ["04/Jan/2020 08:41:43 +0000"]],
    ["HTTPDERROR_DATE", ["Tue Jan 04 08:41:43.123456 2020"], ["Tue Jan 04 2020"]],
    ["NGINXERRTIME", ["2024/02/12 01:02:03"], ["2024-02-12 01:02:03"]],
    ["SYSLOGTIMESTAMP", ["Jan  4 08:41:43", "Feb 12 01:02:03"], ["Jan4 08:41:43"]],
    ["DATESTAMP_RFC2822", ["Mon, 12 Feb 2024 01:02:03 +0100"], ["Mon 12 Feb 2024 01:02:03 +0100"]],
    ["KITCHEN", ["3:04PM", "03:04am"], ["3:04", "003:04PM"]],
    ["RFC3339NANO", ["2024-02-12T01:02:03.123456789Z"], ["2024-02-12T01:02:03.123Z"]],
    ["ANSIC", ["Mon Feb 12 01:02:03 2024", "Mon Feb _2 01:02:03 2024"], ["Mon Feb 12 2024"]],
    ["UNIXDATE", ["Mon Feb 12 01:02:03 CET 2024"], ["Mon Feb 12 01:02:03 2024"]],
    ["RUBYDATE", ["Mon Feb 12 01:02:03 +0100 2024"], ["Mon Feb 12 01:02:03 CET 2024"]],
    ["RFC822Z", ["12 Feb 24 01:02:03 +0100"], ["12 Feb 24 01:02:03 CET"]],
    ["RFC850", ["Monday, 12-Feb-24 01:02:03 CET"], ["Monday, 12 Feb 24 01:02:03 CET"]],
    ["RFC1123", ["Mon, 12 Feb 2024 01:02:03 GMT"], ["Mon 12 Feb 2024 01:02:03 GMT"]],
    ["RFC1123Z", ["Mon, 12 Feb 2024 01:02:03 -0700"], ["Mon, 12 Feb 2024 01:02:03 -07:00"]],
    ["LOGLEVEL", ["warn", "WARNING", "Err", "error", "emergency", "CRIT", "er", "Cri"], ["wARN", "verbose"]],
    ["HOSTPORT", ["a.b:80", "1.2.3.4:65535"], ["a.b", "a.b:0"]]
  ])("%s takes %j and not %j", (name, good, bad) => {
    for (const text of good) expect([text, takes(name, text)]).toEqual([text, true])
    for (const text of bad) expect([text, takes(name, text)]).toEqual([text, false])
  })

  it("takes every address for an IP, and finds all of it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(takes("IP", address)).toBe(true)
        expect(found("IP", `from ${address} port`)).toBe(address)
        expect(captures("from %{IP:ip} port", `from ${address} port`)).toEqual({ ip: address })
      })
    )
  })

  it("takes nothing else for an IPv6 address", () => {
    const parts = fc.array(fc.constantFrom("9", "1", "ffff", "abcde", ":", "::", ".", "1.2.3.4", "g"), {
      maxLength: 17
    })
    fc.assert(
      fc.property(parts, (pieces) => {
        const text = pieces.join("")
        expect(takes("IPV6", text)).toBe(isIP(text) === 6)
      }),
      { numRuns: 2000 }
    )
  })

  it("reads syslog lines", () => {
    expect(
      captures("^%{SYSLOGLINE}", "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186")
    ).toEqual({
      timestamp: "Dec 10 06:55:46",
      logsource: "LabSZ",
      program: "sshd",
      pid: "24200",
      message: "Invalid user webmaster from 173.234.31.186"
    })
    expect(captures("^%{SYSLOGLINE}", "2024-02-12T01:02:03.123+01:00 <4.6> fe80::1 CRON: (root) CMD")).toEqual({
      timestamp8601: "2024-02-12T01:02:03.123+01:00",
      facility: "4",
      priority: "6",
      logsource: "fe80::1",
      program: "CRON",
      message: "(root) CMD"
    })
    expect(captures("^%{SYSLOGLINE}", "Dec 10 06:55:46 host last message repeated 3 times")).toEqual({
      timestamp: "Dec 10 06:55:46",
      logsource: "host",
      message: "last message repeated 3 times"
    })
  })

  it("reads web server lines", () => {
    const line = '1.2.3.4 - bob [04/Jan/2020:08:41:43 +0000] "GET /a?b HTTP/1.1" 404 - "-" "agent"'
    expect(captures("%{COMBINEDAPACHELOG}", line)).toEqual({
      clientip: "1.2.3.4",
      ident: "-",
      auth: "bob",
      timestamp: "04/Jan/2020:08:41:43 +0000",
      verb: "GET",
      request: "/a?b",
      httpversion: "1.1",
      response: "404",
      referrer: '"-"',
      agent: '"agent"'
    })
    expect(
      captures("%{COMMONAPACHELOG}", '1.2.3.4 - - [04/Jan/2020:08:41:43 +0000] "\\x16\\x03 x" 400 0')
    ).toMatchObject({
      rawrequest: "\\x16\\x03 x",
      response: "400",
      bytes: "0"
    })
    expect(
      captures(
        "%{HTTPD_ERRORLOG}",
        "[Tue Jan 04 08:41:43.123456 2020] [authz_core:error] [pid 12:tid 34] (13)Permission denied: [client 1.2.3.4:56] AH01630: client denied"
      )
    ).toEqual({
      timestamp: "Tue Jan 04 08:41:43.123456 2020",
      module: "authz_core",
      loglevel: "error",
      pid: "12",
      tid: "34",
      proxy_errorcode: "13",
      proxy_errormessage: "Permission denied",
      client: "1.2.3.4",
      clientport: "56",
      errorcode: "AH01630",
      message: "client denied"
    })
    expect(
      captures("%{HTTPD_ERRORLOG}", "[Tue Jan 04 08:41:43 2020] [error] [client 1.2.3.4] File does not exist")
    ).toEqual({
      timestamp: "Tue Jan 04 08:41:43 2020",
      loglevel: "error",
      clientip: "1.2.3.4",
      errormsg: "File does not exist"
    })
  })

  it("reads the lines of other programs", () => {
    expect(captures("%{HAPROXYDATE:d}", "04/Jan/2020:08:41:43.123")).toEqual({
      d: "04/Jan/2020:08:41:43.123",
      haproxy_monthday: "04",
      haproxy_month: "Jan",
      haproxy_year: "2020",
      // The seconds take what they can of the fraction; tests of the hub expect it so.
      haproxy_time: "08:41:43.1",
      haproxy_hour: "08",
      haproxy_minute: "41",
      haproxy_second: "43.1",
      haproxy_milliseconds: "3"
    })
    expect(captures("%{EXIM_DATE}", "2024-02-12 01:02:03")).toEqual({
      exim_year: "2024",
      exim_month: "02",
      exim_day: "12",
      exim_time: "01:02:03"
    })
    expect(captures("%{SSHD_FAIL}", "Failed password for root from 1.2.3.4 port 22 ssh2")).toEqual({
      sshd_auth_type: "password",
      sshd_invalid_user: "root",
      sshd_client_ip: "1.2.3.4",
      sshd_port: "22",
      sshd_protocol: "ssh2"
    })
    expect(captures("%{SSHD_FAIL}", "Failed password for invalid user bob from 1.2.3.4 port 22 ssh2")).toBeUndefined()
    expect(captures("%{SSHD_USER_FAIL}", "Failed password for invalid user bob from ::1 port 22 ssh2")).toMatchObject({
      sshd_invalid_user: "bob",
      sshd_client_ip: "::1"
    })
    expect(captures("%{SSHD_DISC_PREAUTH}", "Disconnected from 1.2.3.4 port 22 [preauth]")).toEqual({
      sshd_client_ip: "1.2.3.4",
      sshd_port: "22",
      sshd_privsep: "preauth"
    })
    expect(captures("%{SSHD_BAD_VERSION}", "Bad protocol version identification 'GET /' from 1.2.3.4")).toEqual({
      sshd_client_ip: "1.2.3.4"
    })
    expect(
      captures(
        "%{SMB_AUTH_FAIL}",
        "Auth: [SMB2,(null)] user [HOME]\\[bob] at [Tue] with [NTLMv2] status [NT_STATUS_NO_SUCH_USER] workstation [W] remote host [ipv4:1.2.3.4:50]"
      )
    ).toEqual({ smb_domain: "HOME", user: "bob", ip_source: "1.2.3.4" })
    // Whoever logs in chooses the domain.
    expect(
      captures(
        "%{SMB_AUTH_FAIL}",
        "Auth: user [A]B]\\[bob] at status [NT_STATUS_NO_SUCH_USER] remote host [ipv4:1.2.3.4:50]"
      )
    ).toEqual({ smb_domain: "A]B", user: "bob", ip_source: "1.2.3.4" })
    expect(
      captures(
        "%{NAXSI_EXLOG}",
        "NAXSI_EXLOG: ip=1.2.3.4&server=example.org&uri=/a/b&id=1302&zone=ARGS&var_name=x&content=y"
      )
    ).toEqual({
      naxsi_src_ip: "1.2.3.4",
      naxsi_dst_ip: "example.org",
      http_path: "/a/b",
      naxsi_id: "1302",
      naxsi_zone: "ARGS",
      naxsi_var_name: "x"
    })
    expect(
      captures("%{NAXSI_EXLOG}", "NAXSI_EXLOG: ip=::1&server=h&uri=/&id=1&zone=ARGS&var_name=a&b&content=y")
    ).toMatchObject({ naxsi_var_name: "a&b" })
    expect(captures("%{COWRIE_NEW_CO}", "New connection: 1.2.3.4:5 (6.7.8.9:10) [session: ab-12]")).toEqual({
      source_ip: "1.2.3.4",
      dest_ip: "6.7.8.9",
      dest_port: "10",
      telnet_session: "ab-12"
    })
    expect(captures("%{TCPDUMP_OUTPUT}", "01:02:03.4 IP 1.2.3.4.5 > 6.7.8.9.10: Flags [S], seq 1")).toEqual({
      timestamp: "01:02:03.4",
      source_ip: "1.2.3.4",
      source_port: "5",
      dest_ip: "6.7.8.9",
      dest_port: "10",
      tcpflags: "S"
    })
    expect(captures("%{TCPDUMP_OUTPUT}", "01:02:03 IP a.example.org.5 > b.10: Flags [P.], seq 1")).toMatchObject({
      source_ip: "a.example.org",
      source_port: "5",
      dest_ip: "b",
      tcpflags: "P."
    })
  })
})
