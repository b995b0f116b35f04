import { type handleUnaryCall, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { SearchProgram, SearchRequest } from "@nightbeam/decoding";
import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { VerifierClientOptions } from "../src/client/verifier-client.js";
import { ProtocolError } from "../src/errors.js";
import { VerifierService } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { CATALOGUE, catalogue, cluster, ListDirectory, TARGET, trie } from "./support/cluster.js";
import { hang, localSearcher } from "./support/fake-handler.js";
import { job, until } from "./support/job.js";
import { packedSearch } from "./support/packed.js";
import { rawClient } from "./support/raw-client.js";
import { verifierProcess } from "./support/verifier-process.js";

const { verifier, client, defer } = cluster();
const local = localSearcher(catalogue);
const beamWidth = 4;
const requests = [1, 2, 3].map(user);
const expected = local.search(requests, { beamWidth });

function user(key: number): SearchRequest {
  const firstLeaf = trie.levelStart[3] ?? 0;
  const closed = Uint32Array.from([1, 5, 10 + key], (path) => firstLeaf + path);
  return { key, prompt: Int32Array.of(key, 2, 3), closed };
}

function searching(
  directory: ListDirectory,
  options: Partial<VerifierClientOptions> & { program?: SearchProgram } = {},
) {
  return client(directory, { program: "beam-search", ...options });
}

describe("a verifier client's searcher", () => {
  it("finds what the model finds without a network, also in pieces and with a draft", async () => {
    const a = await verifier("a");
    const directory = new ListDirectory([a.endpoint]);
    const verifiers = searching(directory, { limits: { usersPerCall: 2 } });
    const searcher = verifiers.searcher(job());
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
    expect(await searcher.search([], { beamWidth })).toEqual([]);
    expect(a.handler.searches.map((call) => call.requests.length)).toEqual([2, 1]);
    expect(verifiers.statistics).toMatchObject({ calls: 2, users: 3, queueMs: 2, computeMs: 6 });

    const drafting = searching(directory, { program: "verify-tree" }).searcher(job());
    const drafted = requests.map((one) => ({ ...one, drafted: Uint32Array.of(1, 2, 6) }));
    const found = await drafting.search(drafted, { beamWidth });
    const beams = (await expected).map((answer) => answer.beams);
    expect(found.map((answer) => answer.beams)).toEqual(beams);
    const received = a.handler.searches.at(-1);
    expect(received).toMatchObject({ program: "verify-tree", beamWidth });
    expect(received?.requests.map((one) => [...(one.drafted ?? [])])).toEqual(
      requests.map(() => [1, 2, 6]),
    );
  });

  it("stays within the rows of a call, with what all users have in common counted once", async () => {
    const a = await verifier("a");
    // Three tokens of the prompt, 8 nodes and an own closed path; two paths are closed for all.
    const limits = { tokensPerCall: 2 * 12 + 2 };
    const searcher = searching(new ListDirectory([a.endpoint]), { limits }).searcher(job());
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
    expect(a.handler.searches.map((call) => call.requests.length)).toEqual([2, 1]);
  });

  it("fails over from a verifier that is killed, fails, drains, is busy or answers nonsense", async () => {
    const killed = await verifierProcess();
    defer(killed.end);
    const [a, b] = [await verifier("a"), await verifier("b")];
    const limits = { firstBackoffMs: 60_000, longestBackoffMs: 60_000 };
    const directory = new ListDirectory([{ ...a.endpoint, id: "k", address: killed.address }]);
    const first = searching(directory, { limits }).searcher(job()).search(requests, { beamWidth });
    await until(() => killed.calls() === 1);
    directory.set(...directory.endpoints, b.endpoint);
    killed.signal("SIGKILL");
    expect(await first).toEqual(await expected);

    const troubles: (typeof a.handler.insteadOfSearch)[] = [
      () => Promise.reject(new Error("out of memory")),
      () => Promise.reject(new ProtocolError("DRAINING", "going down")),
      () => Promise.reject(new ProtocolError("BUSY", "full", { retryAfterMs: 9_000 })),
      async (_, answer) => ({ ...(await answer()), answers: [] }),
    ];
    for (const trouble of troubles) {
      a.handler.insteadOfSearch = trouble;
      const before = a.handler.searches.length;
      directory.set(a.endpoint);
      const verifiers = searching(directory, { limits });
      const found = verifiers.searcher(job()).search(requests, { beamWidth });
      await until(() => a.handler.searches.length > before);
      directory.set(a.endpoint, b.endpoint);
      expect(await found).toEqual(await expected);
      expect(verifiers.statistics.retries).toBe(1);
    }
  });

  it("ends with its job: cancelled, past the deadline, closed", async () => {
    const a = await verifier("a");
    a.handler.insteadOfSearch = hang;
    const verifiers = searching(new ListDirectory([a.endpoint]));
    const cancelling = new AbortController();
    const begin = (some: Partial<ReturnType<typeof job>>) =>
      refusal(verifiers.searcher({ ...job(), ...some }).search(requests, { beamWidth }));
    const cancelled = begin({ signal: cancelling.signal });
    await until(() => a.handler.searches.length === 1);
    cancelling.abort("lock lost");
    expect(await cancelled).toMatchObject({ code: "CANCELLED", cause: "lock lost" });
    expect(await begin({ deadline: Date.now() + 100 })).toMatchObject({ code: "DEADLINE" });
    const open = begin({});
    await until(() => a.handler.searches.length === 3);
    await verifiers.close();
    expect(await open).toMatchObject({ code: "CLOSED" });
    await until(() => a.server.openCalls === 0);
  });

  it("fails with a call that no verifier takes", async () => {
    const a = await verifier("a", { limits: { beamWidth: 3 } });
    const verifiers = searching(new ListDirectory([a.endpoint]));
    const failed = await refusal(verifiers.searcher(job()).search(requests, { beamWidth }));
    expect(failed).toMatchObject({ code: "INVALID_CALL" });
    expect(failed.message).toContain("a: the beam width is 4: give 1 to 3");
    expect(verifiers.statistics.retries).toBe(1);
  });

  it("is there for programs that are whole searches, and the scorer for the other one", () => {
    const directory = new ListDirectory();
    expect(() => client(directory).searcher(job())).toThrow("tree-scores: call `scorer`");
    expect(() => searching(directory).scorer(job())).toThrow("beam-search: call `searcher`");
  });
});

describe("a verifier without the program", () => {
  const holds = { target: TARGET, catalogue: CATALOGUE, scoring: "full" } as const;
  const impatient = { limits: { patienceMs: 200 } };

  it("is not asked if the directory says so, as heartbeats without programs do", async () => {
    const [old, other, good] = await Promise.all(
      ["old", "other", "good"].map((id) => verifier(id)),
    );
    if (old === undefined || other === undefined || good === undefined) throw new Error("none");
    const directory = new ListDirectory([
      { ...old.endpoint, ...holds },
      { ...other.endpoint, ...holds, programs: [{ program: "verify-tree" }] },
    ]);
    const searcher = searching(directory, impatient).searcher(job());
    const failed = await refusal(searcher.search(requests, { beamWidth }));
    expect(failed.code).toBe("NO_VERIFIER");
    expect(failed.message).toContain("wrong-model (it runs tree-scores, not beam-search)");
    expect(failed.message).toContain("wrong-model (it runs verify-tree, not beam-search)");
    const programs = [{ program: "tree-scores" }, { program: "beam-search" }] as const;
    directory.set(...directory.endpoints, { ...good.endpoint, ...holds, programs });
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
    directory.set({ ...old.endpoint, ...holds, programs });
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
    expect(other.handler.searches).toEqual([]);
    expect(old.handler.searches).toHaveLength(1);
  });

  it("refuses the call, and another one is asked", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    a.handler.programs = [{ program: "tree-scores" }];
    const directory = new ListDirectory([a.endpoint]);
    const searcher = searching(directory, impatient).searcher(job());
    const failed = await refusal(searcher.search(requests, { beamWidth }));
    expect(failed.message).toContain("this verifier runs tree-scores, not beam-search");
    directory.set(a.endpoint, b.endpoint);
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
    expect(a.handler.searches).toEqual([]);

    const raw = rawClient(a.server.port);
    defer(async () => raw.close());
    const { code } = await raw.search(packedSearch(trie, requests));
    expect(code).toBe(status.FAILED_PRECONDITION);
  });

  it("may be of a version without whole searches", async () => {
    const old = await oldVerifier();
    defer(old.close);
    const directory = new ListDirectory([{ id: "old", address: old.address, draining: false }]);
    const searcher = searching(directory, impatient).searcher(job());
    const failed = await refusal(searcher.search(requests, { beamWidth }));
    expect(failed.code).toBe("NO_VERIFIER");
    expect(failed.message).toContain("old at 127.0.0.1");
    expect(failed.message).toContain("wrong-model");
    const good = await verifier("good");
    directory.set(...directory.endpoints, good.endpoint);
    expect(await searcher.search(requests, { beamWidth })).toEqual(await expected);
  });

  it("leaves tree calls of a client refused if it runs only whole searches", async () => {
    const a = await verifier("a");
    a.handler.programs = [{ program: "beam-search" }];
    const scorer = client(new ListDirectory([a.endpoint]), impatient).scorer(job());
    const failed = await refusal(scorer.score([]).then(() => scorer.score(treeRequests)));
    expect(failed.message).toContain("this verifier runs beam-search, not tree-scores");
  });
});

const treeRequests = [
  {
    key: 1,
    prompt: Int32Array.of(1),
    tree: { prefixes: Uint32Array.of(0), parents: Int32Array.of(-1), wanted: Uint32Array.of(0) },
  },
];

/** A server that has the method Verify alone, as verifiers before whole searches had. */
async function oldVerifier() {
  const { verify } = VerifierService;
  const server = new Server();
  const answer: handleUnaryCall<unknown, unknown> = (_, callback) =>
    callback({ code: status.INTERNAL });
  server.addService({ verify }, { verify: answer });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
}
