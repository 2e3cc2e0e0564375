import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{domain,projections,services,bouncers,fixtures}/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "bouncers/**/*.deno.test.ts"],
    // Bounds for what hangs, not for what is slow: machines that are shared lose nine tenths of their speed at times.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    pool: "forks",
    maxWorkers: 2
  }
})
