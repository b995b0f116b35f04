import { defineConfig } from "vitest/config";

/** These measure their process: its memory, its open handles. Others share theirs, which saves loading the packages. */
const ALONE = [
  "packages/control/test/control.test.ts",
  "packages/dataset/test/streaming.test.ts",
  "packages/model/test/runtime/threads.test.ts",
];

export default defineConfig({
  test: {
    // Tests must pass on two cores, and native sessions start their own threads.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "alone", include: ALONE } },
      {
        extends: true,
        test: {
          name: "shared",
          isolate: false,
          include: [
            "packages/*/test/**/*.test.ts",
            "services/*/test/**/*.test.ts",
            "bench/test/**/*.test.ts",
            "demo/*/test/**/*.test.ts",
            "examples/test/**/*.test.ts",
            "test/**/*.test.ts",
          ],
          exclude: ALONE,
        },
      },
    ],
  },
});
