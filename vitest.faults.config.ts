import { defineConfig } from "vitest/config";

/** All faults, one after the other: `npm run test:faults`. Some are also part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.fault.ts"],
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
