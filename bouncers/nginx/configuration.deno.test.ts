import assert from "node:assert/strict"
import { ConfigurationProblem, readConfiguration } from "./configuration.ts"

const read = (values: Record<string, string>, files: Record<string, string> = {}) =>
  readConfiguration({
    variable: (name) => values[name],
    file: (path) => {
      if (files[path] === undefined) throw new Error("No such file or directory (os error 2)")
      return files[path]
    }
  })

Deno.test("the defaults need nothing but a key", () => {
  assert.deepEqual(read({ TESTUDO_API_KEY: " k3y " }), {
    apiUrl: "http://127.0.0.1:8080",
    apiKey: "k3y",
    listen: { hostname: "127.0.0.1", port: 8081 },
    whenUnknown: "open"
  })
})

Deno.test("every value can be set", () => {
  assert.deepEqual(
    read(
      {
        TESTUDO_API_URL: "https://lapi.example.org/t/one/",
        TESTUDO_API_KEY_FILE: "/etc/testudo/key",
        TESTUDO_BOUNCER_LISTEN: "[::1]:9000",
        TESTUDO_WHEN_UNKNOWN: "closed"
      },
      { "/etc/testudo/key": "a+/b=\n" }
    ),
    {
      apiUrl: "https://lapi.example.org/t/one",
      apiKey: "a+/b=",
      listen: { hostname: "::1", port: 9000 },
      whenUnknown: "closed"
    }
  )
})

Deno.test("every mistake is named with what to do", () => {
  const key = { TESTUDO_API_KEY: "k" }
  const mistakes: ReadonlyArray<readonly [Record<string, string>, RegExp]> = [
    [{}, /key for the API is missing.*testudo bouncers add/],
    [{ TESTUDO_API_KEY: "" }, /missing/],
    [{ ...key, TESTUDO_API_KEY_FILE: "/key" }, /both set/],
    [{ TESTUDO_API_KEY_FILE: "/none" }, /\/none, which cannot be read: No such file/],
    [{ TESTUDO_API_KEY_FILE: "/empty" }, /\/empty.*is empty/],
    [{ TESTUDO_API_KEY: "two words" }, /no key has/],
    [{ ...key, TESTUDO_API_URL: "127.0.0.1:8080" }, /TESTUDO_API_URL/],
    [{ ...key, TESTUDO_API_URL: "ftp://127.0.0.1" }, /begins with ftp:/],
    [{ ...key, TESTUDO_API_URL: "http://me:secret@127.0.0.1" }, /an address and a path only/],
    [{ ...key, TESTUDO_BOUNCER_LISTEN: "8081" }, /TESTUDO_BOUNCER_LISTEN is "8081".*127\.0\.0\.1:8081/],
    [{ ...key, TESTUDO_BOUNCER_LISTEN: "127.0.0.1:99999" }, /TESTUDO_BOUNCER_LISTEN/],
    [{ ...key, TESTUDO_WHEN_UNKNOWN: "Open" }, /TESTUDO_WHEN_UNKNOWN is "Open".*"open" \(serve\) or "closed"/]
  ]
  for (const [values, message] of mistakes)
    assert.throws(
      () => read(values, { "/empty": " \n" }),
      (error) =>
        error instanceof ConfigurationProblem &&
        message.test(error.message) &&
        error.message.includes("TST-BOUNCER-CONFIG")
    )
})
