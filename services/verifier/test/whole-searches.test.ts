import { excludeItems, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  type DecodeJob,
  fixedWidths,
  ModelDrafter,
  RetrievalDrafter,
  searchDecoder,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { refusal } from "@nightbeam/testing";
import { expectSameList } from "@nightbeam/testing/conformance";
import { describe, expect, it } from "vitest";
import { job, openClient, openVerifier, stop } from "./support/verifiers.js";
import { useVerifierWorld, type VerifierWorld } from "./support/worlds.js";

const ALL = { programs: "tree-scores,beam-search,verify-tree", workers: 1 };
const BOTH = { programs: "tree-scores,beam-search", workers: 1 };
const beamWidth = 10;
const { signal } = new AbortController();

/** Users with different prompts, some of which exclude items. */
function users({ searched, local }: VerifierWorld, count: number): DecodeJob[] {
  return Array.from({ length: count }, (_, key) => {
    const history = Array.from({ length: 1 + (key % 6) }, (_, at) => (key * 31 + at * 17) % 240);
    return {
      key,
      prompt: local.encodePrompt(history),
      history: Uint32Array.from(history),
      exclusion: key % 3 === 0 ? NOTHING_EXCLUDED : excludeItems(searched, history),
    };
  });
}

describe("a verifier that runs whole searches", () => {
  const world = useVerifierWorld();

  it("gives the lists of the same model's tree calls, to many clients at once, beside those", async () => {
    const opened = await openVerifier(world(), { ...BOTH, maxWaitMs: 20, logLevel: "debug" });
    const { searched, local } = world();
    const space = { trie: searched.trie, scoring: "full" } as const;
    const jobs = users(world(), 24);
    const plain = speculativeDecoder({ target: local.scorer, space, beamWidth });
    const expected = await plain.decode(jobs, signal);
    const searching = { program: "beam-search" } as const;
    const clients = [1, 2, 3].map(() => openClient(world(), [opened], searching));
    const calling = openClient(world(), [opened]);
    const calls = speculativeDecoder({ target: calling.scorer(job()), space, beamWidth });
    const [called, ...lists] = await Promise.all([
      calls.decode(jobs, signal),
      ...clients.map((client) =>
        searchDecoder({ target: client.searcher(job()), space, beamWidth }).decode(jobs, signal),
      ),
    ]);
    expect(called.map(({ beams }) => beams)).toEqual(expected.map(({ beams }) => beams));
    for (const found of lists) {
      found.forEach(({ beams }, at) => {
        expectSameList(beams, expected[at]?.beams, 1e-5);
      });
    }
    for (const client of clients) expect(client.statistics).toMatchObject({ calls: 1, users: 24 });
    const passes = opened.lines.flatMap(({ message, fields }) =>
      message === "pass of the model" ? [JSON.stringify(fields)] : [],
    );
    expect(passes.some((fields) => fields.includes('"program":"beam-search"'))).toBe(true);
    expect(passes.some((fields) => fields.includes('"program":"tree-scores"'))).toBe(true);
    await Promise.all([...clients, calling].map((client) => client.close()));
    await stop(opened);
  });

  it("verifies a drafted tree, right or wrong, without an effect on the lists", async () => {
    const opened = await openVerifier(world(), ALL);
    const { searched, local } = world();
    const space = { trie: searched.trie, scoring: "full" } as const;
    const jobs = users(world(), 12);
    const plain = speculativeDecoder({ target: local.scorer, space, beamWidth });
    const expected = await plain.decode(jobs, signal);
    const client = openClient(world(), [opened], { program: "verify-tree" });
    const policy = fixedWidths([beamWidth, beamWidth]);
    const steps: number[] = [];
    for (const drafter of [new ModelDrafter(local.scorer), new RetrievalDrafter()]) {
      const target = client.searcher(job());
      const decoder = searchDecoder({ target, space, beamWidth, drafter, policy });
      const found = await decoder.decode(jobs, signal);
      found.forEach(({ beams }, at) => {
        expectSameList(beams, expected[at]?.beams, 1e-5);
      });
      steps.push(found.reduce((sum, { cost }) => sum + cost.acceptedSteps, 0));
    }
    const [right = 0, random = 0] = steps;
    expect(right).toBe(2 * jobs.length);
    expect(random).toBeLessThan(right);
    await client.close();
    await stop(opened);
  });

  it("announces its programs with a cost each, and the words of both in its log", async () => {
    const opened = await openVerifier(world(), BOTH);
    const { programs = [], cost } = opened.status();
    expect(programs.map(({ program }) => program)).toEqual(["tree-scores", "beam-search"]);
    expect(programs[0]?.cost).toEqual(cost);
    const { callMs = 0, tokenMs = 0 } = programs[1]?.cost ?? {};
    expect(callMs + tokenMs).toBeGreaterThan(0);
    const measured = opened.lines.filter(({ message }) => message === "cost is measured");
    expect(measured.map(({ fields }) => fields)).toMatchObject([
      { program: "tree-scores" },
      { program: "beam-search" },
    ]);
    await stop(opened);
  });

  it("may run them alone, and says so to those who call for trees", async () => {
    const opened = await openVerifier(world(), { programs: "beam-search", workers: 1 });
    expect(opened.status().cost).toBeUndefined();
    const limits = { patienceMs: 200 };
    const client = openClient(world(), [opened], { limits });
    const failed = await refusal(client.scorer(job()).score(world().questions(0, 1).first));
    expect(failed.code).toBe("NO_VERIFIER");
    expect(failed.message).toContain("this verifier runs beam-search, not tree-scores");
    await client.close();
    await stop(opened);
  });

  it("refuses whole searches if it runs tree calls alone, as by default on a processor", async () => {
    const opened = await openVerifier(world(), { workers: 1 });
    const limits = { patienceMs: 200 };
    const client = openClient(world(), [opened], { limits, program: "beam-search" });
    const requests = [{ key: 1, prompt: Int32Array.of(1), closed: new Uint32Array() }];
    const failed = await refusal(client.searcher(job()).search(requests, { beamWidth }));
    expect(failed.message).toContain("start one with --programs beam-search");
    await client.close();
    await stop(opened);
  });

  it("drains with searches in progress, which other verifiers or itself answer", async () => {
    const [leaving, staying] = await Promise.all([
      openVerifier(world(), BOTH),
      openVerifier(world(), BOTH),
    ]);
    const client = openClient(world(), [leaving, staying], { program: "beam-search" });
    const searcher = client.searcher(job());
    const requests = users(world(), 6).map(({ key, prompt }) => {
      return { key, prompt, closed: new Uint32Array() };
    });
    let done = 0;
    const searches = Array.from({ length: 20 }, async () => {
      const answers = await searcher.search(requests, { beamWidth });
      done++;
      return answers.map(({ beams }) => [...beams.prefixes]);
    });
    while (done < 2) await new Promise((resolve) => setImmediate(resolve));
    leaving.askToDrain();
    expect(await leaving.verifier.finished).toBe(0);
    const lists = await Promise.all(searches);
    for (const one of lists) expect(one).toEqual(lists[0]);
    await client.close();
    await stop(staying);
  });
});
