/** `compose.yaml`: images are pinned and looked after, and the node's configuration is one. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { parse } from "yaml"
import { readConfiguration } from "../services/configuration/configuration-file.ts"
import { root } from "./process.ts"

const compose = parse(readFileSync(join(root, "compose.yaml"), "utf8"))

it("pins its images, and asks the servers whether they are well", () => {
  for (const { image } of Object.values<{ readonly image: string }>(compose.services))
    expect(image).toMatch(/:\d[\w.-]+$/)
  expect(compose.services.eventstoredb.healthcheck.test.join(" ")).toContain("/health/live")
  expect(compose.services.redis.healthcheck.test).toEqual(["CMD", "redis-cli", "ping"])
  expect(compose.services.testudo.depends_on.eventstoredb).toEqual({ condition: "service_healthy" })
})

it("gives the node a configuration without a mistake", () => {
  const { configuration, problems } = readConfiguration(
    "/etc/testudo/testudo.yaml",
    Buffer.from(compose.configs.testudo.content),
    join(root, "hub")
  )
  expect(problems).toEqual([])
  expect(configuration?.eventStore).toMatchObject({ kind: "eventstoredb", hosts: ["eventstoredb:2113"] })
  expect(configuration?.localFolder).toBe("/var/lib/testudo")
})
