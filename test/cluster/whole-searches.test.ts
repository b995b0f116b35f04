import { readManifest } from "@nightbeam/run";
import { expect, it } from "vitest";
import { makeNight } from "../faults/support/night.js";
import { recommendAlone } from "./support/beauty.js";
import { TestCluster } from "./support/cluster.js";
import { largestScoreDifference, readLists } from "./support/oracle.js";
import { describeClusters } from "./support/servers.js";

/** Two programs sum in other orders: float32 over a few levels. */
const SAME_SCORE = 1e-4;

describeClusters("a cluster of which one verifier runs whole searches", () => {
  it("returns the lists of one machine's tree calls, and each run uses what its plan names", async () => {
    const night = await makeNight({ users: 360 });
    const { target, catalogue } = night.world;
    const verifierFlags = [["--programs", "tree-scores,beam-search"], []];
    const cluster = await TestCluster.start({ target, catalogue, verifierFlags });
    try {
      const request = { ...night.request, limit: 120, partSize: 15 };
      const alone = await recommendAlone({ ...request, out: cluster.out("alone") });
      const programs = { whole: "beam-search", calls: undefined } as const;
      for (const search of ["whole", "calls"] as const) {
        const out = cluster.out(search);
        const { run } = await cluster.submit({ ...request, search, out });
        expect((await cluster.until(run.id)).state, cluster.logs()).toBe("complete");
        const lists = await readLists(out);
        expect(lists.users).toEqual(alone.users);
        expect(lists.digest).toBe(alone.digest);
        expect(largestScoreDifference(lists, alone)).toBeLessThan(SAME_SCORE);
        const { versions, stats } = await readManifest(out);
        expect(versions.program).toBe(programs[search]);
        if (search === "whole") expect(stats.callsPerUser).toBe(1);
        else expect(stats.callsPerUser).toBeGreaterThan(1);
      }
      const { arguments: planned } = await readManifest(cluster.out("whole"));
      expect(planned.searchReason).toBe("`search` whole was given");
      // The scheduler and the drafters name the draft of the first run as unused.
      for (const { name, output } of [cluster.scheduler, ...cluster.drafters.slice(0, 1)]) {
        expect(output, name).toContain("is not used");
      }
    } finally {
      await cluster.stop();
      await night.remove();
    }
  }, 300_000);
});
