import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{domain,projections,services,bouncers,fixtures}/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "bouncers/**/*.deno.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2
  }
})
