import { appendFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { describeClusters } from "../cluster/support/servers.js";
import { isSound, reportText } from "./report.js";
import { runCampaign } from "./run-campaign.js";

const seeds = (process.env.NIGHTBEAM_CAMPAIGN_SEEDS ?? "1").split(",").map(Number);
const faults = Number(process.env.NIGHTBEAM_CAMPAIGN_FAULTS ?? 200);
const report = process.env.NIGHTBEAM_CAMPAIGN_REPORT;

/** `npm run test:campaign -- --seed S,… --faults N [--report FILE]` */
describeClusters("a campaign", () => {
  it(`of ${faults} faults from seed ${seeds.join(", ")} loses, doubles and changes nothing`, async () => {
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    const done = await runCampaign({ seeds, faults, print });
    const text = reportText(done);
    print(`\n${text}\n`);
    if (report !== undefined) await appendFile(report, `${text}\n`);
    expect(isSound(done), text).toBe(true);
  }, 7_200_000);
});
