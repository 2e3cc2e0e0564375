import type { NamedPattern } from "../library.ts"

/** Dates and times as logs write them. */
export const TIME_PATTERNS: ReadonlyArray<NamedPattern> = [
  // English and German names. The boundary stands before the first and after the last alternative only.
  [
    "MONTH",
    "\\bJan(?:uary?)?|Feb(?:ruary?)?|M(?:[aä]?r(?:ch|z)?|a[iy]?)|Apr(?:il)?|Ju(?:n[ei]?|l[iy]?)|Aug(?:ust)?" +
      "|Sep(?:tember)?|O[ck]?t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?\\b"
  ],
  ["MONTHNUM", "0?[1-9]|1[0-2]"],
  ["MONTHNUM2", "0[1-9]|1[0-2]"],
  ["MONTHDAY", "0[1-9]|[12][0-9]|3[01]|[1-9]"],
  ["DAY", "Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?"],
  ["DAY2", "[0-9][0-9]"],
  ["YEAR", "[0-9][0-9](?:[0-9][0-9])?"],
  ["HOUR", "2[0-3]|[01]?[0-9]"],
  ["MINUTE", "[0-5][0-9]"],
  ["SECOND", "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?"],
  ["TIME", "%{HOUR}:%{MINUTE}:%{SECOND}"],
  ["TZ", "[A-Z][A-Z][A-Z]"],

  ["DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"],
  ["DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"],
  ["DATE_X", "%{YEAR}/%{MONTHNUM2}/%{MONTHDAY}"],
  ["DATE", "%{DATE_US}|%{DATE_EU}|%{DATE_X}"],
  ["DATESTAMP", "%{DATE}[ -]%{TIME}"],
  ["DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"],
  ["DATESTAMP_RFC2822", "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"],
  ["DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}"],
  ["DATESTAMP_EVENTLOG", "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}"],

  ["ISO8601_TIMEZONE", "Z|[+-]%{HOUR}:?%{MINUTE}"],
  ["ISO8601_SECOND", "%{SECOND}"],
  ["TIMESTAMP_ISO8601", "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"],
  ["RFC3339", "%{YEAR}-[01][0-9]-[0-3][0-9]T%{TIME}%{ISO8601_TIMEZONE}"],
  ["RFC3339NANO", "%{YEAR}-[01][0-9]-[0-3][0-9]T%{TIME}\\.[0-9]{9}%{ISO8601_TIMEZONE}"],
  ["KITCHEN", "[0-9]{1,2}:[0-9]{2}(?:AM|PM|am|pm)"],
  ["NUMTZ", "[+-][0-9]{4}"],
  ["ANSIC", "%{DAY} %{MONTH} [_123][0-9] %{TIME} %{YEAR}"],
  ["UNIXDATE", "%{DAY} %{MONTH} [_123][0-9] %{TIME} %{TZ} %{YEAR}"],
  ["RUBYDATE", "%{DAY} %{MONTH} [0-3][0-9] %{TIME} %{NUMTZ} %{YEAR}"],
  ["RFC822Z", "[0-3][0-9] %{MONTH} %{YEAR} %{TIME} %{NUMTZ}"],
  ["RFC850", "%{DAY}, [0-3][0-9]-%{MONTH}-%{YEAR} %{TIME} %{TZ}"],
  ["RFC1123", "%{DAY}, [0-3][0-9] %{MONTH} %{YEAR} %{TIME} %{TZ}"],
  ["RFC1123Z", "%{DAY}, [0-3][0-9] %{MONTH} %{YEAR} %{TIME} %{NUMTZ}"],

  ["HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"],
  ["HTTPDERROR_DATE", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}"],
  ["APACHEERRORTIME", "%{HTTPDERROR_DATE}"],
  ["NGINXERRTIME", "%{YEAR}/%{MONTHNUM2}/%{DAY2} %{HOUR}:%{MINUTE}:%{SECOND}"],
  ["SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"],
  ["EXIM_DATE", "%{YEAR:exim_year}-%{MONTHNUM:exim_month}-%{MONTHDAY:exim_day} %{TIME:exim_time}"],
  ["HAPROXYTIME", "%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}:%{SECOND:haproxy_second}"],
  [
    "HAPROXYDATE",
    "%{MONTHDAY:haproxy_monthday}/%{MONTH:haproxy_month}/%{YEAR:haproxy_year}:%{HAPROXYTIME:haproxy_time}" +
      // Any character, not a dot: content of the hub counts on the split that follows from it.
      ".%{INT:haproxy_milliseconds}"
  ]
]
