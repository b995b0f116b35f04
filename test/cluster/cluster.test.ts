import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, readManifest } from "@nightbeam/run";
import { expect, it } from "vitest";
import { makeNight, type Night } from "../faults/support/night.js";
import { expectExact } from "../faults/support/strike.js";
import { beautyFiles, recommendAlone } from "./support/beauty.js";
import { opensslIsHere } from "./support/certificate.js";
import { TestCluster } from "./support/cluster.js";
import { largestScoreDifference, readLists } from "./support/oracle.js";
import { describeClusters } from "./support/servers.js";

const DRAWN = [
  { verification: "sampled", seed: 7 },
  { verification: "relaxed", seed: 7, temperature: 0.7 },
] as const;

/** The lists of some users are those of one machine; submitting again changes nothing. */
async function expectDrawn(options: {
  cluster: TestCluster;
  night: Night;
  how: (typeof DRAWN)[number];
}): Promise<void> {
  const { cluster, night, how } = options;
  const out = cluster.out(how.verification);
  const request = { ...night.request, ...how, limit: 60, partSize: 15, out };
  const { run } = await cluster.submit(request);
  const alone = await recommendAlone({ ...request, out: `${out}-alone` });
  const ended = await cluster.until(run.id);
  expect(ended.state, cluster.logs()).toBe("complete");
  const lists = await readLists(out);
  expect(lists.users).toHaveLength(60);
  expect(lists.digest, how.verification).toBe(alone.digest);
  expect(largestScoreDifference(lists, alone)).toBeLessThan(1e-5);
  expect(await cluster.submit(request)).toMatchObject({ outcome: "unchanged" });
}

/**
 * Runs that take lists from the run before have those of one machine that computes all, in the cluster and on one machine,
 * also while items are blocked on some days only.
 */
async function expectReused(options: {
  cluster: TestCluster;
  night: Night;
  earlier: string;
}): Promise<void> {
  const { cluster, night } = options;
  let { earlier } = options;
  for (const [day, blocked] of [[], [3, 700, 1_100], [700, 1_499]].entries()) {
    const block = cluster.out(`blocked-${day}.txt`);
    await writeFile(block, blocked.map((item) => `${item}\n`).join(""));
    const request = { ...night.request, limit: 60, partSize: 15, block };
    const out = cluster.out(`day-${day}`);
    const { run } = await cluster.submit({ ...request, out, reuse: earlier });
    const ended = await cluster.until(run.id);
    expect(ended.state, cluster.logs()).toBe("complete");
    expect(ended.reuse).toEqual({ run: earlier });
    const alone = await recommendAlone({ ...request, out: `${out}-alone` });
    const lists = await readLists(out);
    expect(lists.digest).toBe(alone.digest);
    expect(largestScoreDifference(lists, alone)).toBe(0);
    // Of users who have seen a blocked item, other paths are closed for themselves.
    const { reusedUsers = 0, computedCatalogue = 0, computedChanged = 0 } = ended.stats;
    expect(reusedUsers + computedCatalogue + computedChanged).toBe(60);
    expect(reusedUsers).toBeGreaterThanOrEqual(day === 0 ? 60 : 30);
    await recommendAlone({ ...request, reuse: out, out: `${out}-again` });
    const { stats } = await readManifest(`${out}-again`);
    expect(stats).toMatchObject({ reusedUsers: 60, searches: 0 });
    earlier = out;
  }
}

/** Proposes items for two of three users, in the reverse order of the histories: some are unknown, or blocked. */
async function proposeItems(night: Night, path: string): Promise<string> {
  const histories = (await readFile(night.world.histories, "utf8")).trim().split("\n");
  const lists = histories.flatMap((line, at): object[] => {
    if (at % 3 === 0) return [];
    const own = Array.from({ length: 12 }, (_, k) => String((17 * at + 101 * k) % 1_500));
    const items = [...own, "gone"].map((item) => ({ item, score: 0, codes: [] }));
    const { user }: { user: string } = JSON.parse(line);
    // The last list of a user counts.
    return [
      { user, items },
      { user, items: items.slice(0, 3) },
    ];
  });
  await writeFile(
    path,
    lists
      .toReversed()
      .map((list) => `${JSON.stringify(list)}\n`)
      .join(""),
  );
  return path;
}

/** What a run counted of its candidates: no figure of it depends on drafts, nodes or faults. */
function proposedFigures({ stats, candidates, versions, arguments: given }: Manifest) {
  const names = /candidates|accept|ownL/i;
  const counted = Object.entries(stats).filter(([name]) => names.test(name));
  return {
    ...{ candidates, counted: Object.fromEntries(counted), version: versions.candidates },
    ...{ trainedOn: versions.trainedOn, given },
  };
}

/** Items that others propose enter the same lists as on one machine, while nodes are killed. */
async function expectAccepted({ cluster, night }: { cluster: TestCluster; night: Night }) {
  const block = cluster.out("blocked-candidates.txt");
  await writeFile(block, "17\n700\n");
  const candidates = await proposeItems(night, cluster.out("proposed.jsonl"));
  const trainedOn = cluster.out("trained.jsonl");
  const histories = (await readFile(night.world.histories, "utf8")).split("\n").slice(0, 40);
  await writeFile(trainedOn, `${histories.join("\n")}\n`);
  const request = { ...night.request, block, candidates, acceptAbove: -20, partSize: 15 };
  const apart = { acceptNewAbove: -26, trainedOn, candidatesPerLevel: 4 };
  const runs = { accepted: { limit: 60 }, apart: { ...apart, limit: 30 } };
  for (const [name, settings] of Object.entries(runs)) {
    const out = cluster.out(name);
    const { run } = await cluster.submit({ ...request, ...settings, out });
    if (name === "accepted") {
      await cluster.scheduler.signal("SIGKILL");
      await cluster.scheduler.start();
      await cluster.until(run.id, { is: ({ shards }) => shards !== undefined });
      await cluster.drafters[0]?.signal("SIGKILL");
      await cluster.drafters[0]?.start();
    }
    const ended = await cluster.until(run.id);
    expect(ended.state, cluster.logs()).toBe("complete");
    await recommendAlone({ ...request, ...settings, out: `${out}-alone` });
    const lists = await readLists(out);
    const alone = await readLists(`${out}-alone`);
    expect(lists.digest).toBe(alone.digest);
    expect(largestScoreDifference(lists, alone)).toBe(0);
    const manifest = await readManifest(out);
    const expected = proposedFigures(await readManifest(`${out}-alone`));
    expect(proposedFigures(manifest)).toEqual(expected);
    expect(ended.candidates).toEqual(expected.candidates);
    expect(expected.candidates?.unknown).toBeGreaterThan(240);
    expect(manifest.stats.acceptedItems).toBeGreaterThan(10);
  }
}

describeClusters("a cluster of two verifiers, two drafters and a scheduler", () => {
  it("returns the strict, sampled and relaxed lists of one machine, as one run however often it is submitted", async () => {
    const night = await makeNight({ users: 360 });
    const { target, catalogue } = night.world;
    const cluster = await TestCluster.start({ target, catalogue });
    try {
      const request = { ...night.request, out: cluster.out("night") };
      const submitted = await Promise.all([1, 2, 3].map(() => cluster.submit(request)));
      expect(new Set(submitted.map(({ run }) => run.id)).size).toBe(1);
      const run = await cluster.until(submitted[0]?.run.id ?? "");
      expect(run.state, cluster.logs()).toBe("complete");
      await expectExact(night, request.out);
      await expectReused({ cluster, night, earlier: request.out });
      await expectAccepted({ cluster, night });
      await Promise.all(DRAWN.map((how) => expectDrawn({ cluster, night, how })));
    } finally {
      await cluster.stop();
      await night.remove();
    }
  }, 500_000);

  it.skipIf(!opensslIsHere)(
    "applies the same filters as one machine, and uses TLS",
    async () => {
      const night = await makeNight({ scoring: "renormalized", blocked: 400, users: 360 });
      const { target, catalogue } = night.world;
      const scoring = "renormalized";
      const cluster = await TestCluster.start({ target, catalogue, scoring, tls: true });
      try {
        const request = { ...night.request, out: cluster.out("night") };
        const { run } = await cluster.submit(request);
        const ended = await cluster.until(run.id);
        expect(ended.state, cluster.logs()).toBe("complete");
        await expectExact(night, request.out);
      } finally {
        await cluster.stop();
        await night.remove();
      }
    },
    300_000,
  );
});

const beauty = beautyFiles();
/** Of 3,553 test users of the Amazon Beauty data set that have a history: two parts. */
const BEAUTY_USERS = 256;

describeClusters("Beauty in a cluster", () => {
  it.skipIf(beauty === undefined)(
    "has the users, items, order and scores of one machine",
    async () => {
      if (beauty === undefined) throw new Error("skipped if the data are absent");
      const directory = await mkdtemp(join(tmpdir(), "nightbeam-beauty-"));
      const cluster = await TestCluster.start(beauty);
      try {
        const { target, draft, catalogue } = beauty;
        const histories = await beauty.writeHistories(directory);
        const files = { target, catalogue, histories, limit: BEAUTY_USERS };
        const alone = await recommendAlone({ ...files, out: join(directory, "alone") });
        const out = cluster.out("beauty");
        // The width is auto: some batches are drafted as trials, most are not.
        const drafting = { draft: [draft], partSize: 128 };
        const submitted = await cluster.submit({ ...files, ...drafting, topK: 10, out });
        const run = await cluster.until(submitted.run.id, { withinMs: 300_000 });
        expect(run.state, cluster.logs()).toBe("complete");
        const lists = await readLists(out);
        expect(lists.users).toHaveLength(BEAUTY_USERS);
        expect(lists.digest).toBe(alone.digest);
        expect(largestScoreDifference(lists, alone)).toBeLessThan(1e-5);
        const manifest = await readManifest(out);
        const { drafterSeconds = 0, verifierSeconds = 0 } = run.cost ?? {};
        expect(manifest.cost).toEqual(run.cost);
        // Two drafters and two verifiers: together they cannot have worked for longer than this.
        const available = 2 * (run.stats.wallSeconds ?? 0);
        for (const seconds of [drafterSeconds, verifierSeconds]) {
          expect(seconds).toBeGreaterThan(0);
          expect(seconds).toBeLessThan(available);
        }
      } finally {
        await cluster.stop();
        await rm(directory, { recursive: true, force: true });
      }
    },
    600_000,
  );
});
