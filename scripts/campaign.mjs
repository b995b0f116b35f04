/**
 * `npm run test:campaign -- --seed S[,S…] --faults N [--report FILE]`: nights under N random faults per seed, compared
 * with the lists of one machine. The same seed gives the same sequence. Appends its table to the report file.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const USAGE = "usage: npm run test:campaign -- [--seed S[,S…]] [--faults N] [--report FILE]";

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: "string", default: "1" },
        faults: { type: "string", default: "200" },
        report: { type: "string" },
      },
    });
    if (!/^\d{1,9}(,\d{1,9})*$/.test(values.seed)) {
      throw new Error(`--seed is ${values.seed}: give whole numbers, separated by commas`);
    }
    if (!/^[1-9]\d{0,5}$/.test(values.faults)) {
      throw new Error(`--faults is ${values.faults}: give a whole number above 0`);
    }
    return values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const { seed, faults, report } = readArguments();
const { status } = spawnSync("npx", ["vitest", "run", "--config", "vitest.campaign.config.ts"], {
  stdio: "inherit",
  env: {
    ...process.env,
    NIGHTBEAM_CAMPAIGN_SEEDS: seed,
    NIGHTBEAM_CAMPAIGN_FAULTS: faults,
    ...(report === undefined ? {} : { NIGHTBEAM_CAMPAIGN_REPORT: report }),
  },
});
process.exit(status ?? 1);
