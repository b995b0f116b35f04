import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "services/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "demo/*/test/**/*.test.ts",
      "examples/test/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Tests must pass on two cores, and native sessions start their own threads.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
