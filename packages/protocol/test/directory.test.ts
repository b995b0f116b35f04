import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { cluster, ListDirectory } from "./support/cluster.js";
import { hang } from "./support/fake-handler.js";
import { job, request, until } from "./support/job.js";

const { verifier, client } = cluster();
const limits = { patienceMs: 100 };

/** A call that a verifier has taken and answers when `finish` is called. */
async function callInProgress(to: Awaited<ReturnType<typeof verifier>>) {
  let answered: () => void = () => undefined;
  to.handler.instead = (_, answer) =>
    new Promise((resolve) => {
      answered = () => resolve(answer());
    });
  const directory = new ListDirectory([to.endpoint]);
  const scorer = client(directory, { limits }).scorer(job());
  const underWay = scorer.score([request(1)]);
  await until(() => to.handler.calls.length === 1);
  return { directory, scorer, underWay, finish: () => answered() };
}

describe("what the directory says", () => {
  it("keeps calls from verifiers with another model, until it reports the right one", async () => {
    const a = await verifier("a");
    const directory = new ListDirectory([{ ...a.endpoint, scoring: "renormalized" }]);
    const scorer = client(directory, { limits }).scorer(job());
    const { code, message } = await refusal(scorer.score([request(1)]));
    expect(code).toBe("NO_VERIFIER");
    expect(message).toContain("wrong-model");
    expect(a.handler.calls).toHaveLength(0);
    directory.set({ ...a.endpoint, scoring: "full" });
    expect(await scorer.score([request(1)])).toHaveLength(1);
  });

  it("keeps new calls from verifiers that are draining, and lets them finish", async () => {
    const a = await verifier("a");
    const { directory, scorer, underWay, finish } = await callInProgress(a);
    directory.set({ ...a.endpoint, draining: true });
    expect(await refusal(scorer.score([request(2)]))).toMatchObject({ code: "NO_VERIFIER" });
    finish();
    expect(await underWay).toHaveLength(1);
    expect(a.handler.calls).toHaveLength(1);
    a.handler.instead = undefined;
    directory.set(a.endpoint);
    expect(await scorer.score([request(2)])).toHaveLength(1);
  });

  it("ends connections, but not the calls in progress on them", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    const { directory, scorer, underWay, finish } = await callInProgress(a);
    // The same name, elsewhere: it was started again.
    directory.set({ ...b.endpoint, id: "a" });
    expect(await scorer.score([request(2)])).toHaveLength(1);
    expect(b.handler.calls).toHaveLength(1);
    finish();
    expect(await underWay).toHaveLength(1);
  });

  it("may be late: a verifier that restarted at its address is found without it", async () => {
    const a = await verifier("a");
    const directory = new ListDirectory([a.endpoint]);
    const settings = { firstBackoffMs: 20, longestBackoffMs: 40 };
    const scorer = client(directory, { limits: settings }).scorer(job());
    await scorer.score([request(1)]);
    a.handler.instead = hang;
    const scored = scorer.score([request(1)]);
    await until(() => a.handler.calls.length === 2);
    await a.server.close();
    const again = await verifier("a", { port: a.server.port });
    expect(await scored).toHaveLength(1);
    expect(again.handler.calls).toHaveLength(1);
  });
});
