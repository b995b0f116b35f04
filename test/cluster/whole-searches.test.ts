import { readManifest } from "@nightbeam/run";
import { expect, it } from "vitest";
import { makeNight } from "../faults/support/night.js";
import { expectExact } from "../faults/support/strike.js";
import { TestCluster } from "./support/cluster.js";
import { describeClusters } from "./support/servers.js";

const WHOLE = ["--programs", "tree-scores,beam-search"];

describeClusters("a cluster whose verifiers run whole searches", () => {
  it("returns the lists of one machine's tree calls, in one call per batch, as the plan says", async () => {
    const night = await makeNight("full");
    const { target, catalogue } = night.world;
    const verifierFlags = [WHOLE, []];
    const cluster = await TestCluster.start({ target, catalogue, verifierFlags });
    try {
      const out = cluster.out("whole");
      const { run } = await cluster.submit({ ...night.request, search: "whole", out });
      const ended = await cluster.until(run.id);
      expect(ended.state, cluster.logs()).toBe("complete");
      await expectExact(night, out);
      const { versions, arguments: planned, stats } = await readManifest(out);
      expect(versions.program).toBe("beam-search");
      expect(planned.searchReason).toBe("`search` whole was given");
      expect(stats.callsPerUser).toBe(1);
      // The draft of the night is named as unused, by the scheduler and by each drafter.
      expect(cluster.scheduler.output).toContain("is not used");
      expect(cluster.drafters.map(({ output }) => output).join()).toContain("is not used");
      // The second verifier runs tree calls alone, so it was not asked; a night of calls asks both.
      const calls = cluster.out("calls");
      const second = await cluster.submit({ ...night.request, search: "calls", out: calls });
      expect((await cluster.until(second.run.id)).state, cluster.logs()).toBe("complete");
      await expectExact(night, calls);
      expect((await readManifest(calls)).versions).not.toHaveProperty("program");
    } finally {
      await cluster.stop();
      await night.remove();
    }
  }, 300_000);
});
