import { defineConfig } from "vitest/config";

/** A long sequence of random faults: `npm run test:campaign`. */
export default defineConfig({
  test: {
    include: ["test/campaign/**/*.campaign.ts"],
    maxWorkers: 1,
    disableConsoleIntercept: true,
  },
});
