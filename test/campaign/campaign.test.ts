import { expect, it } from "vitest";
import { describeClusters } from "../cluster/support/servers.js";
import { isSound, reportText } from "./report.js";
import { runCampaign } from "./run-campaign.js";

/** A few seeds; `npm run test:campaign` runs as many faults as you ask for. */
describeClusters("nights under random faults", () => {
  it("are complete, with every user once and the lists of one machine", async () => {
    const lines: string[] = [];
    const done = await runCampaign({
      seeds: [1, 2],
      faults: 3,
      users: 960,
      print: (line) => void lines.push(line),
    });
    expect(done.steps.flatMap(({ kinds }) => kinds)).toHaveLength(6);
    expect(isSound(done), [...lines, reportText(done)].join("\n")).toBe(true);
  }, 600_000);
});
