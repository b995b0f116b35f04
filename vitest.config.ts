import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "services/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "demo/*/test/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Two cores are the smallest machine that has to pass; native sessions bring threads of their own.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
