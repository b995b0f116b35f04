import type { Scorer } from "@nightbeam/decoding";
import { parseOptions } from "@nightbeam/service";
import { freePort } from "@nightbeam/testing/servers";
import { describe, expect, it } from "vitest";
import { verifierSchema } from "../src/options/options.js";
import { startVerifier } from "../src/server/start-verifier.js";
import { outcome } from "./support/calls.js";
import { keepingLog } from "./support/log-lines.js";
import { job, openClient, openVerifier, stop } from "./support/verifiers.js";
import { logProbsOf, useVerifierWorld, type VerifierWorld } from "./support/worlds.js";

/** One user group's way: a first call, a follow-up call, and the release. Exact, or it throws. */
async function searchExactly(scorer: Scorer, world: VerifierWorld, from: number): Promise<void> {
  const { first, second } = world.questions(from, 6);
  for (const requests of [first, second]) {
    const answers = await scorer.score(requests);
    const alone = await Promise.all(requests.map(world.alone));
    expect(logProbsOf(answers)).toEqual(alone);
  }
  scorer.release(first.map(({ key }) => key));
}

describe("a verifier", () => {
  const world = useVerifierWorld();

  it("answers two clients at once, with the model's own bits, from merged batches", async () => {
    const opened = await openVerifier(world(), { maxWaitMs: 10, logLevel: "debug" });
    const clients = [openClient(world(), [opened]), openClient(world(), [opened])];
    const scorers = clients.map((client) => client.scorer(job()));
    // Both use the same keys, for different users.
    await Promise.all(
      scorers.flatMap((scorer, at) =>
        Array.from({ length: 6 }, (_, group) => searchExactly(scorer, world(), 6 * group + 3 * at)),
      ),
    );
    const merged = opened.lines.filter(
      ({ message, fields }) =>
        message === "pass of the model" && "calls" in fields && Number(fields.calls) > 1,
    );
    expect(merged.length).toBeGreaterThan(0);
    for (const client of clients) {
      expect(client.statistics).toMatchObject({ calls: 12, users: 72, retries: 0 });
      await client.close();
    }
    await stop(opened);
  });

  it("closes what it has opened if it cannot be announced, so that its port is free", async () => {
    const port = await freePort();
    const given = { ...world(), listen: `127.0.0.1:${port}`, workers: 1, promptCache: 0 };
    const options = parseOptions(verifierSchema, given);
    const announce = () => {
      throw new Error("no such name");
    };
    const { log, lines } = keepingLog();
    const starting = startVerifier(options, { log, control: { announce } });
    await expect(starting).rejects.toThrow("no such name");
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
    await stop(await openVerifier(world(), { listen: `127.0.0.1:${port}` }));
  });

  it("reports what it holds, what it costs and how much waits", async () => {
    const opened = await openVerifier(world(), { name: "first", scoring: "renormalized" });
    expect(opened.status()).toMatchObject({
      role: "verifier",
      id: "first",
      address: opened.verifier.listening,
      target: world().local.hash,
      catalogue: world().searched.hash,
      scoring: "renormalized",
      precision: "fp32",
      waitingTokens: 0,
      draining: false,
    });
    // Of models as small as this, noise can say that tokens cost nothing; something does.
    const { callMs = 0, tokenMs = 0 } = opened.status().cost ?? {};
    expect(callMs + tokenMs).toBeGreaterThan(0);
    expect(opened.lines.map(({ message }) => message)).toEqual([
      "loading catalogue and target",
      "target is loaded",
      "cost is measured",
      "verifier is serving",
    ]);
    await stop(opened);
  });

  it("refuses calls that cannot be answered, without an effect on others", async () => {
    const opened = await openVerifier(world());
    const [good, hostile] = [openClient(world(), [opened]), openClient(world(), [opened])];
    const [scorer, attacker] = [good.scorer(job()), hostile.scorer(job())];
    const [question] = world().questions(0, 1).first;
    if (question === undefined) throw new Error("a question was made");
    const attacks = [
      Int32Array.of(1, 2_000_000),
      new Int32Array(100_000).fill(1),
      new Int32Array(),
    ].map((prompt, key) => outcome(attacker.score([question, { ...question, key, prompt }])));
    await Promise.all(
      Array.from({ length: 4 }, (_, group) => searchExactly(scorer, world(), 6 * group)),
    );
    expect(await Promise.all(attacks)).toEqual(new Array(3).fill("INVALID_CALL"));
    expect(good.statistics.retries).toBe(0);
    await good.close();
    await hostile.close();
    await stop(opened);
  });

  it("answers BUSY when flooded, holds little, and answers all calls in the end", async () => {
    const limits = { maxWaitingTokens: 300, tokenBudget: 100, workers: 1 };
    const opened = await openVerifier(world(), limits);
    const clients = Array.from({ length: 4 }, () => openClient(world(), [opened]));
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, opened.status().waitingTokens);
    }, 1);
    await Promise.all(
      clients.flatMap((client) => {
        const scorer = client.scorer(job());
        return Array.from({ length: 10 }, (_, group) => searchExactly(scorer, world(), 6 * group));
      }),
    );
    clearInterval(watch);
    const retries = clients.reduce((sum, client) => sum + client.statistics.retries, 0);
    expect(retries).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(0);
    // The limit, and the call that went over it: six users of some 30 rows.
    expect(most).toBeLessThan(300 + 300);
    expect(opened.status()).toMatchObject({ waitingTokens: 0, runningTokens: 0 });
    await Promise.all(clients.map((client) => client.close()));
    await stop(opened);
    const report = opened.lines.find(({ message }) => message.startsWith("calls were refused"));
    expect(report?.fields).toMatchObject({ busy: expect.any(Number), failed: 0 });
  });

  it("drains under load without losing a call", async () => {
    const [leaving, staying] = await Promise.all([openVerifier(world()), openVerifier(world())]);
    const client = openClient(world(), [leaving, staying]);
    const scorer = client.scorer(job());
    let done = 0;
    const searches = Array.from({ length: 24 }, async (_, group) => {
      await searchExactly(scorer, world(), 6 * group);
      done++;
    });
    while (done < 4) await new Promise((resolve) => setImmediate(resolve));
    leaving.askToDrain();
    expect(await leaving.verifier.finished).toBe(0);
    expect(leaving.updates.map(({ draining }) => draining)).toEqual([true]);
    await Promise.all(searches);
    expect(done).toBe(24);
    await client.close();
    await stop(staying);
    const stopped = leaving.lines.filter(({ level }) => level === "error");
    expect(stopped).toEqual([]);
  });

  it("fails if its port is in use, and leaves nothing open", async () => {
    const first = await openVerifier(world());
    const second = openVerifier(world(), { listen: first.verifier.listening });
    await expect(second).rejects.toMatchObject({ code: "BAD_OPTION" });
    await stop(first);
  });
});
