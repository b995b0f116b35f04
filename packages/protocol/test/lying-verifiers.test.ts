import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { type Distrust, TrustBook } from "../src/client/trust/trust-book.js";
import { unpackNumbers } from "../src/codec/numbers.js";
import {
  NumberFormat,
  type VerifyResponse,
} from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { cluster, ListDirectory, trie } from "./support/cluster.js";
import { localScorer } from "./support/fake-scorer.js";
import { job, request } from "./support/job.js";
import { frame, type Lie, liar, respond } from "./support/liar.js";

const { verifier, client, defer } = cluster();
const local = localScorer(trie);

/** A lie about the log-probabilities. */
function about(change: (logProbs: Float64Array) => void): Lie {
  return ({ honest, reply }) => reply(changed(honest, change));
}

function changed(honest: VerifyResponse, change: (logProbs: Float64Array) => void): VerifyResponse {
  const { logProbs: bytes, format } = honest;
  const [logProbs = new Float64Array()] = unpackNumbers({ bytes, format }, [bytes.length / 8]);
  change(logProbs);
  return { ...honest, logProbs: new Uint8Array(logProbs.buffer) };
}

/** An answer to an earlier call, whatever is asked. */
function stale(): Lie {
  let first: VerifyResponse | undefined;
  return ({ honest, reply }) => {
    first ??= honest;
    reply(first);
  };
}

/** Lies that no model can tell: found by the checks of each answer. */
const FOUND: Readonly<Record<string, Lie>> = {
  NaN: about((all) => all.fill(Number.NaN, 2, 3)),
  infinity: about((all) => all.fill(Number.POSITIVE_INFINITY, 0, 1)),
  "above 0": about((all) => all.fill(0.5, 0, 1)),
  "sums above 1": about((all) => all.fill(-0.1, 0, 4)),
  "all zeros": about((all) => all.fill(0)),
  "bits turned": about((all) =>
    all.forEach((value, at) => {
      all[at] = -value;
    }),
  ),
  "a number too few": ({ honest, reply }) =>
    reply({ ...honest, logProbs: honest.logProbs.slice(8) }),
  "a user too many": ({ honest, reply }) => reply({ ...honest, tokens: [...honest.tokens, 1] }),
  "no format": ({ honest, reply }) =>
    reply({ ...honest, format: NumberFormat.NUMBER_FORMAT_UNSPECIFIED }),
  "another format": ({ honest, reply }) =>
    reply({ ...honest, format: NumberFormat.NUMBER_FORMAT_FLOAT32 }),
  "a time that is no number": ({ honest, reply }) =>
    reply({ ...honest, timing: { queueMs: Number.NaN, batchWaitMs: 0, computeMs: 0, nodeMs: 0 } }),
  "stale answers of another size": ({ honest, reply }) =>
    reply({ ...honest, logProbs: new Uint8Array(8), tokens: [1], milliseconds: [1] }),
  "no message at all": ({ replyBytes }) => replyBytes(Buffer.alloc(0)),
  "bytes that are no message": ({ replyBytes }) => replyBytes(Buffer.alloc(100, 0xff)),
  INVALID_ARGUMENT: ({ fail }) => fail(status.INVALID_ARGUMENT),
};

/** Verifiers that only fail: others are asked. */
const FAILING: Readonly<Record<string, Lie>> = {
  "another model, program or hash": ({ fail }) => fail(status.FAILED_PRECONDITION),
  INTERNAL: ({ fail }) => fail(status.INTERNAL),
  "RESOURCE_EXHAUSTED without a time": ({ fail }) => fail(status.RESOURCE_EXHAUSTED),
  "another status": ({ fail }) => fail(status.OUT_OF_RANGE),
  "huge messages": ({ stream }) => {
    respond(stream, status.OK);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(2 ** 31, 1);
    stream.end(Buffer.concat([head, Buffer.alloc(1_000)]));
  },
  "an endless trickle": ({ stream, honest }) => {
    respond(stream, status.OK);
    stream.write(frame(honest.logProbs).subarray(0, 9));
    const timer = setInterval(() => stream.write(Buffer.alloc(1)), 20);
    stream.on("close", () => clearInterval(timer));
  },
  "half an answer": ({ stream, honest }) => {
    respond(stream, status.OK);
    stream.end(frame(honest.logProbs).subarray(0, 20));
  },
  "a compressed answer": ({ stream, honest }) => {
    respond(stream, status.OK);
    const bytes = frame(honest.logProbs);
    bytes[0] = 1;
    stream.end(bytes);
  },
  resets: ({ stream }) => stream.close(2),
  "a lost connection": ({ stream }) => stream.session?.destroy(),
  silence: () => undefined,
};

/** Some calls of a run whose answers depend on each other, as searches are: each must be exact. */
async function run(scorer: ReturnType<typeof localScorer>, calls = 8) {
  const answers = [];
  for (let key = 0; key < calls; key++) {
    answers.push(...(await scorer.score([request(2 * key), request(2 * key + 1)])));
  }
  return answers;
}

const limits = { tryTimeoutMs: 300, firstBackoffMs: 100 };

describe("beside an honest verifier, a run is exact with one that answers with", () => {
  async function withLiar(lie: Lie) {
    const lying = await liar(lie);
    defer(lying.close);
    const honest = await verifier("b");
    const found: Distrust[] = [];
    const trust = new TrustBook({ onDistrust: (one) => found.push(one) });
    const directory = new ListDirectory([
      { id: "a", address: lying.address, draining: false },
      honest.endpoint,
    ]);
    const verifiers = client(directory, { limits, trust });
    expect(await run(verifiers.scorer(job()))).toEqual(await run(local));
    return { found, lying };
  }

  it.each(Object.entries(FOUND))("%s, which is found out", async (_, lie) => {
    const { found, lying } = await withLiar(lie);
    expect(lying.calls()).toBe(1);
    expect(found).toMatchObject([{ kind: "answers_wrong", verifier: "a" }]);
    expect(found[0]?.message).toMatch(/^a (gave|refused) .* It is not asked for 60 s\.$/);
  });

  it.each(Object.entries(FAILING))("%s", async (_, lie) => {
    const { found } = await withLiar(lie);
    expect(found).toEqual([]);
  });
});

describe("lies that a model could tell", () => {
  const LIES: Readonly<Record<string, () => Lie>> = {
    "swapped users": () => about((all) => all.set([...all.subarray(12), ...all.subarray(0, 12)])),
    "stale answers of another call": stale,
    "other probabilities": () => about((all) => all.set([...all.subarray(0, 4)].reverse())),
    "nothing possible": () => about((all) => all.fill(Number.NEGATIVE_INFINITY)),
  };

  /** All calls are audited. A job whose answers differ is done again, as a shard is. */
  async function audited(lies: readonly Lie[], honest: number) {
    const endpoints = [];
    for (const [at, lie] of lies.entries()) {
      const lying = await liar(lie);
      defer(lying.close);
      endpoints.push({ id: `liar-${at}`, address: lying.address, draining: false });
    }
    for (let at = 0; at < honest; at++) endpoints.push((await verifier(`honest-${at}`)).endpoint);
    const found: Distrust[] = [];
    const trust = new TrustBook({ onDistrust: (one) => found.push(one) });
    const verifiers = client(new ListDirectory(endpoints), {
      limits: { ...limits, patienceMs: 200 },
      trust,
      audits: { rate: 1, tolerance: { logProb: 1e-3, paths: 0 } },
    });
    let tries = 0;
    const attempt = async () => {
      tries++;
      const answers = verifiers.answers();
      const lists = await run(verifiers.scorer({ ...job(), answers }), 3);
      return { lists, shares: await answers.settle() };
    };
    return { attempt, found, tries: () => tries, verifiers };
  }

  it.each(Object.entries(LIES))(
    "are found by an audit and a third verifier: %s",
    async (_, lie) => {
      const { attempt, found, verifiers } = await audited([lie()], 2);
      let done: Awaited<ReturnType<typeof attempt>> | undefined;
      for (let tries = 0; done === undefined && tries < 3; tries++) {
        done = await attempt().catch((error: unknown) => {
          expect(error).toMatchObject({ code: "ANSWERS_DIFFER" });
          return undefined;
        });
      }
      expect(done?.lists).toEqual(await run(local, 3));
      expect(done?.shares.every(({ calls, audited }) => calls === audited)).toBe(true);
      expect(found).toMatchObject([{ kind: "answers_differ", verifier: "liar-0" }]);
      expect(found[0]?.message).toMatch(/liar-0 and honest-. .*answers as honest-. did/);
      expect(verifiers.statistics.auditsDiffering).toBeGreaterThan(0);
    },
  );

  it("distrust both verifiers if nothing shows which one lies", async () => {
    const lie = about((all) => all.set([...all.subarray(0, 4)].reverse()));
    const { attempt, found } = await audited([lie], 1);
    await expect(attempt()).rejects.toMatchObject({
      code: expect.stringMatching(/ANSWERS_DIFFER|NO_VERIFIER/),
    });
    expect(found.map(({ verifier }) => verifier).sort()).toEqual(["honest-0", "liar-0"]);
    expect(found[0]?.message).toContain("start a third verifier");
    await expect(attempt()).rejects.toMatchObject({ code: "NO_VERIFIER" });
  });

  it("are found with two verifiers if the liar contradicts itself", async () => {
    let calls = 0;
    const sometimes: Lie = (call) => {
      calls++;
      if (calls % 2 === 0) call.reply(call.honest);
      else about((all) => all.set([...all.subarray(0, 4)].reverse()))(call);
    };
    const { attempt, found } = await audited([sometimes], 1);
    await expect(attempt()).rejects.toMatchObject({ code: "ANSWERS_DIFFER" });
    expect(found).toMatchObject([{ verifier: "liar-0" }]);
    expect(found[0]?.message).toContain("asked again, liar-0 contradicts itself");
    const { lists, shares } = await attempt();
    expect(lists).toEqual(await run(local, 3));
    expect(shares).toMatchObject([{ name: "honest-0", calls: 3, audited: 0 }]);
  });
});

it("all verifiers that lie together put a call off, and do not fail it", async () => {
  const endpoints = [];
  for (const id of ["a", "b"]) {
    const lying = await liar(about((all) => all.fill(Number.NaN)));
    defer(lying.close);
    endpoints.push({ id, address: lying.address, draining: false });
  }
  const verifiers = client(new ListDirectory(endpoints), { limits: { patienceMs: 200 } });
  await expect(verifiers.scorer(job()).score([request(1)])).rejects.toMatchObject({
    code: "NO_VERIFIER",
    message: expect.stringContaining("distrusted (a gave an answer that no model can give"),
  });
});

it("distrust grows, outlives its client, and is the same for all who share the book", async () => {
  let now = 1_000_000;
  const found: Distrust[] = [];
  const trust = new TrustBook({ now: () => now, onDistrust: (one) => found.push(one) });
  const times = { distrustMs: 1_000, longestDistrustMs: 5_000 };
  const finding = { kind: "answers_wrong", verifier: "a", reason: "it lied" } as const;
  for (let strike = 0; strike < 4; strike++) {
    trust.distrust(finding, times);
    trust.distrust(finding, times);
    now = found.at(-1)?.until ?? 0;
    expect(trust.distrustedForMs("a")).toBe(0);
  }
  expect(found.map(({ until }, at) => until - (found[at - 1]?.until ?? 1_000_000))).toEqual([
    1_000, 2_000, 4_000, 5_000,
  ]);
  expect(trust.differedSince("a", 0)).toBe(false);
  trust.distrust({ ...finding, kind: "answers_differ", isProven: true }, times);
  expect(trust.distrustedForMs("a")).toBe(5_000);
  expect(trust.differedSince("a", now)).toBe(true);
});
