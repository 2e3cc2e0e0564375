import type { NamedPattern } from "../library.ts"

/** Log lines of particular programs. */
export const PROGRAM_PATTERNS: ReadonlyArray<NamedPattern> = [
  ["PROG", "[!-Z\\\\^-~]+"],
  ["SYSLOGPROG", "%{PROG:program}(?:\\[%{POSINT:pid}\\])?"],
  ["SYSLOGHOST", "%{IPORHOST}"],
  ["SYSLOGFACILITY", "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>"],
  ["SYSLOGBASE", "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:"],
  [
    "SYSLOGBASE2",
    "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?" +
      "%{SYSLOGHOST:logsource}(?: %{SYSLOGPROG}:|)"
  ],
  ["SYSLOGLINE", "%{SYSLOGBASE2} %{GREEDYDATA:message}"],
  ["CRON_ACTION", "[A-Z ]+"],
  ["CRONLOG", "%{SYSLOGBASE} \\(%{USER:user}\\) %{CRON_ACTION:action} \\(%{DATA:message}\\)"],

  [
    "COMMONAPACHELOG",
    "%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \\[%{HTTPDATE:timestamp}\\] " +
      '"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" ' +
      "(?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes})"
  ],
  ["COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}"],
  ["HTTPD_COMMONLOG", "%{COMMONAPACHELOG}"],
  ["HTTPD_COMBINEDLOG", "%{COMBINEDAPACHELOG}"],
  ["HTTPD20_ERRORTAIL", "(?:\\[client %{IPORHOST:clientip}\\] )?%{GREEDYDATA:errormsg}"],
  [
    "HTTPD24_ERRORTAIL",
    "\\[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\\](?: \\(%{POSINT:proxy_errorcode}\\)%{DATA:proxy_errormessage}:)?" +
      "(?: \\[client %{IPORHOST:client}:%{POSINT:clientport}\\])? %{DATA:errorcode}: %{GREEDYDATA:message}"
  ],
  ["HTTPD20_ERRORLOG", "\\[%{HTTPDERROR_DATE:timestamp}\\] \\[%{LOGLEVEL:loglevel}\\] %{HTTPD20_ERRORTAIL}"],
  [
    "HTTPD24_ERRORLOG",
    "\\[%{HTTPDERROR_DATE:timestamp}\\] \\[%{WORD:module}:%{LOGLEVEL:loglevel}\\] %{HTTPD24_ERRORTAIL}"
  ],
  // One date and one level for both forms: with two references of one name only the second would ever be set.
  [
    "HTTPD_ERRORLOG",
    "\\[%{HTTPDERROR_DATE:timestamp}\\] \\[(?:%{WORD:module}:)?%{LOGLEVEL:loglevel}\\] " +
      "(?:%{HTTPD24_ERRORTAIL}|%{HTTPD20_ERRORTAIL})"
  ],
  ["HAPROXYCAPTUREDREQUESTHEADERS", "%{DATA:captured_request_headers}"],
  ["HAPROXYCAPTUREDRESPONSEHEADERS", "%{DATA:captured_response_headers}"],

  ["NAXSI_NAME", "[^&]*"],
  [
    "NAXSI_EXLOG",
    "^NAXSI_EXLOG: ip=%{IPORHOST:naxsi_src_ip}&server=%{IPORHOST:naxsi_dst_ip}&uri=%{PATH:http_path}" +
      "&id=%{INT:naxsi_id}&zone=%{NAXSI_NAME:naxsi_zone}&var_name=%{DATA:naxsi_var_name}&content="
  ],

  ["SMB_NAME", "[^\\]]*"],
  [
    "SMB_AUTH_FAIL",
    "Auth:.* user \\[%{DATA:smb_domain}\\]\\\\\\[%{SMB_NAME:user}\\].* status \\[NT_STATUS_NO_SUCH_USER\\]" +
      ".* remote host \\[ipv4:%{IP:ip_source}"
  ],

  [
    "SSHD_FAIL",
    "Failed %{WORD:sshd_auth_type} for %{USERNAME:sshd_invalid_user} from %{IP:sshd_client_ip} " +
      "port %{NUMBER:sshd_port} %{WORD:sshd_protocol}"
  ],
  [
    "SSHD_USER_FAIL",
    "Failed password for invalid user %{USERNAME:sshd_invalid_user} from %{IP:sshd_client_ip} " +
      "port %{NUMBER:sshd_port} %{WORD:sshd_protocol}"
  ],
  [
    "SSHD_DISC_PREAUTH",
    "Disconnected from %{IP:sshd_client_ip} port %{NUMBER:sshd_port}\\s*(?:\\[%{GREEDYDATA:sshd_privsep}\\])?"
  ],
  ["SSHD_BAD_VERSION", "Bad protocol version identification '%{GREEDYDATA}' from %{IP:sshd_client_ip}"],

  [
    "COWRIE_NEW_CO",
    "New connection: %{IP:source_ip}:[0-9]+ \\(%{IP:dest_ip}:%{INT:dest_port}\\) \\[session: %{DATA:telnet_session}\\]$"
  ],
  [
    "TCPDUMP_OUTPUT",
    "%{GREEDYDATA:timestamp} IP %{IPORHOST:source_ip}\\.%{INT:source_port} > " +
      "%{IPORHOST:dest_ip}\\.%{INT:dest_port}: Flags \\[%{GREEDYDATA:tcpflags}\\], seq"
  ]
]
