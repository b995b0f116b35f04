import { ROOT } from "@nightbeam/catalogue";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../src/errors.js";
import { cluster, ListDirectory, trie } from "./support/cluster.js";
import { localScorer } from "./support/fake-scorer.js";
import { job, request } from "./support/job.js";

const { verifier, client } = cluster();
const local = localScorer(trie);

describe("a verifier client", () => {
  it("answers as the model does without a network", async () => {
    const a = await verifier("a");
    const scorer = client(new ListDirectory([a.endpoint])).scorer(job());
    const requests = [3, 1, 2].map((key) => request(key, [ROOT, key, 5 + key]));
    expect(await scorer.score(requests)).toEqual(await local.score(requests));
    expect(await scorer.score([])).toEqual([]);
    const nothing = request(9, []);
    expect(await scorer.score([nothing])).toEqual(await local.score([nothing]));
    expect(a.handler.calls).toHaveLength(2);
  });

  it("stays with the verifier that has cached a prompt, and sends it the keys to forget", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    const directory = new ListDirectory([a.endpoint]);
    const verifiers = client(directory);
    const scorer = verifiers.scorer(job());
    await scorer.score([request(1), request(2)]);
    directory.set(b.endpoint);
    await scorer.score([request(3)]);
    // Both are ready once new users are given to a rather than to b.
    b.handler.waitingTokens = 1_000_000;
    directory.set(a.endpoint, b.endpoint);
    const fresh = verifiers.scorer(job());
    for (let key = 0; a.handler.calls.length === 1; key++) await fresh.score([request(key)]);

    a.handler.calls.length = 0;
    b.handler.calls.length = 0;
    const mixed = [request(3), request(1), request(2)];
    expect(await scorer.score(mixed)).toEqual(await local.score(mixed));
    const keysOf = (calls: typeof a.handler.calls) =>
      calls.map(({ requests }) => requests.map(({ prompt }) => (prompt[0] ?? 0) - 1));
    expect(keysOf(a.handler.calls)).toEqual([[1, 2]]);
    expect(keysOf(b.handler.calls)).toEqual([[3]]);

    const [onA] = a.handler.calls;
    scorer.release([1, 77]);
    await scorer.score([request(2)]);
    expect(a.handler.calls.at(-1)?.released).toEqual([onA?.requests[0]?.key]);
    await scorer.score([request(2)]);
    expect(a.handler.calls.at(-1)?.released).toEqual([]);
    // A key that is used again after its release names another prompt, and so is another key.
    await scorer.score([request(1)]);
    expect(a.handler.calls.at(-1)?.requests[0]?.key).not.toBe(onA?.requests[0]?.key);
  });

  it("keeps the keys of jobs apart, and releases those of a cancelled one", async () => {
    const a = await verifier("a");
    const verifiers = client(new ListDirectory([a.endpoint]));
    const cancelling = new AbortController();
    await verifiers.scorer({ ...job(), signal: cancelling.signal }).score([request(1), request(2)]);
    const other = verifiers.scorer(job());
    await other.score([request(1)]);
    const keys = a.handler.calls.flatMap(({ requests }) => requests.map(({ key }) => key));
    expect(new Set(keys).size).toBe(3);
    expect(new Set(a.handler.calls.map((call) => call.client)).size).toBe(1);
    cancelling.abort();
    await other.score([request(1)]);
    expect(a.handler.calls.at(-1)?.released).toEqual(keys.slice(0, 2));
  });

  it("sends keys to forget until they arrive, to every verifier that has cached the prompt", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    const directory = new ListDirectory([a.endpoint]);
    const scorer = client(directory).scorer(job());
    await scorer.score([request(1), request(2)]);
    const [one, two] = a.handler.calls[0]?.requests.map(({ key }) => key) ?? [];
    scorer.release([1]);
    a.handler.instead = async () => {
      a.handler.instead = undefined;
      throw new ProtocolError("BUSY", "full", { retryAfterMs: 10 });
    };
    await scorer.score([request(2)]);
    const heard = a.handler.calls.slice(1).map(({ released }) => released);
    expect(heard).toEqual([[one], [one]]);

    // The second user's prompt moves from a to b.
    a.handler.instead = () => Promise.reject(new ProtocolError("BUSY", "", { retryAfterMs: 100 }));
    directory.set(a.endpoint, b.endpoint);
    await scorer.score([request(2)]);
    expect(b.handler.calls).toHaveLength(1);
    a.handler.instead = undefined;
    b.handler.waitingTokens = 1_000_000;
    await scorer.score([request(2)]);
    const before = a.handler.calls.length;
    for (let key = 10; a.handler.calls.length === before; key++) await scorer.score([request(key)]);
    expect(a.handler.calls.at(-1)?.released).toEqual([two]);
  });

  it("sends a large call in pieces", async () => {
    const a = await verifier("a");
    const limits = { usersPerCall: 3, tokensPerCall: 12 };
    const scorer = client(new ListDirectory([a.endpoint]), { limits }).scorer(job());
    const requests = [1, 2, 3, 4, 5, 6, 7].map((key) => request(key, [ROOT]));
    const long = [1, 2].map((key) => ({ ...request(10 + key), prompt: new Int32Array(9) }));
    expect(await scorer.score([...requests, ...long])).toEqual(
      await local.score([...requests, ...long]),
    );
    const sizes = a.handler.calls.map((call) => call.requests.length).sort();
    expect(sizes).toEqual([1, 1, 1, 3, 3]);
  });

  it("gives new users to the verifier that will answer first", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    a.handler.waitingTokens = 1000;
    const directory = new ListDirectory([
      { ...a.endpoint, cost: { callMs: 10, tokenMs: 0.1 } },
      { ...b.endpoint, cost: { callMs: 50, tokenMs: 1 } },
    ]);
    const verifiers = client(directory);
    const scorer = verifiers.scorer(job());
    await scorer.score([request(0)]);
    // Once both are up: by its first answer the fast one says that much waits there.
    for (let key = 1; a.handler.calls.length === 0; key++) await scorer.score([request(key)]);
    const before = a.handler.calls.length;
    for (let key = 100; key < 103; key++) await scorer.score([request(key)]);
    expect(a.handler.calls).toHaveLength(before);
    a.handler.waitingTokens = 0;
    directory.set(
      { ...a.endpoint, cost: { callMs: 10, tokenMs: 0.1 }, waitingTokens: 3 },
      { ...b.endpoint, cost: { callMs: 50, tokenMs: 1 } },
    );
    await scorer.score([request(200)]);
    expect(a.handler.calls).toHaveLength(before + 1);
  });

  it("counts the bytes on the wire and the times of each stage", async () => {
    const a = await verifier("a");
    a.handler.instead = async (_, answer) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answer();
    };
    const verifiers = client(new ListDirectory([a.endpoint]));
    const scorer = verifiers.scorer(job());
    await scorer.score([request(1), request(2)]);
    await scorer.score([request(3)]);
    const { requestBytes, responseBytes, networkMs, ...exact } = verifiers.statistics;
    expect(exact).toEqual({
      calls: 2,
      users: 3,
      retries: 0,
      audits: 0,
      auditsDiffering: 0,
      queueMs: 2,
      batchWaitMs: 4,
      computeMs: 6,
      nodeMs: 3,
    });
    // Three trees of 11 log-probabilities, eight bytes each.
    expect(responseBytes).toBeGreaterThan(3 * 11 * 8);
    expect(responseBytes).toBeLessThan(3 * 11 * 8 + 200);
    expect(requestBytes).toBeGreaterThan(2 * 64);
    expect(requestBytes).toBeLessThan(400);
    expect(networkMs).toBeGreaterThan(25);
  });

  it("closes everything it has opened", async () => {
    const a = await verifier("a");
    const directory = new ListDirectory([a.endpoint]);
    const verifiers = client(directory);
    const scorer = verifiers.scorer(job());
    await scorer.score([request(1)]);
    await verifiers.close();
    expect(directory.listeners).toBe(0);
    await expect(scorer.score([request(1)])).rejects.toMatchObject({ code: "CLOSED" });
  });
});
