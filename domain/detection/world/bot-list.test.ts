import { describe, expect, it } from "vitest"
import { PatternError } from "../../grok/pattern-error.ts"
import { isOfBot, readBot } from "./bot-list.ts"

const bots = [
  `{"name": "crawler", "user_agent": "goodbot/[0-9]+", "ranges": ["192.0.2.0/24"], "ips": ["2001:db8::1"]}`,
  `{"name": "pinger", "paths": ["^/health", "^/ready"], "ips": ["198.51.100.7"]}`,
  `{"name": "named", "user_agent": "other", "ips": ["203.0.113.9"], "rdns": ["\\\\.example\\\\.org$"]}`
].map(readBot)

describe("known bots", () => {
  it.each([
    ["192.0.2.9", "Mozilla GoodBot/2", "/", true],
    ["192.0.2.9", "goodbot", "/", false],
    ["192.0.3.9", "goodbot/2", "/", false],
    ["192.0.2.9:4711", "goodbot/2", "/", true],
    ["[2001:db8::1]:443", "goodbot/2", "/", true],
    ["2001:db8::1", "goodbot/2", "/", true],
    ["::ffff:192.0.2.9", "goodbot/2", "/", true],
    ["fe80::1%eth0", "goodbot/2", "/", false],
    ["nonsense", "goodbot/2", "/", false],
    ["", "goodbot/2", "/", false],
    ["198.51.100.7", "", "/READY/now", true],
    ["198.51.100.7", "", "/admin", false],
    ["203.0.113.9", "other", "/", true],
    ["203.0.113.1", "other", "/", false]
  ])("%s %s %s: %s", (address, agent, path, known) => {
    expect(isOfBot(bots, address, agent, path)).toBe(known)
  })

  it.each([
    ["[]", "no JSON object"],
    [`{"name": "x"}`, "easily forged"],
    [`{"ips": ["192.0.2.1"]}`, "no name"],
    [`{"name": "x", "ips": ["192.0.2"]}`, "no IP address"],
    [`{"name": "x", "ranges": ["192.0.2.1"]}`, "no range"],
    [`{"name": "x", "rdns": [""]}`, "every host"],
    [`{"name": "x", "rdns": ["x"]}`, "not asked for"],
    [`{"name": "x", "ips": "192.0.2.1"}`, "a list of texts"],
    [`{"name": "x", "ip": ["192.0.2.1"]}`, `"ip" is not known`]
  ])("%s is refused: %s", (line, reason) => {
    expect(() => readBot(line)).toThrow(reason)
  })

  it("with a broken pattern are refused", () => {
    expect(() => readBot(`{"name": "x", "user_agent": "(", "ips": ["192.0.2.1"]}`)).toThrow(PatternError)
  })
})
