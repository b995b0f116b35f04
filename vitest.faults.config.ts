import { defineConfig } from "vitest/config";

/** All faults, one after the other: `npm run test:faults`. A few of them are among the tests as well. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.fault.ts"],
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
