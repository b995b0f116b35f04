import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../src/errors.js";
import { cluster, ListDirectory, trie } from "./support/cluster.js";
import { hang } from "./support/fake-handler.js";
import { localScorer } from "./support/fake-scorer.js";
import { job, request, until } from "./support/job.js";
import { silentServer } from "./support/silent-server.js";
import { verifierProcess } from "./support/verifier-process.js";

const { verifier, client, defer } = cluster();
const local = localScorer(trie);
const requests = [request(1), request(2)];

describe("a call is answered by another verifier", () => {
  it("if its own is killed, or frozen, with the call in progress", async () => {
    const [killed, frozen] = await Promise.all([verifierProcess(), verifierProcess()]);
    defer(killed.end);
    defer(frozen.end);
    const good = await verifier("good");
    const expected = await local.score(requests);
    const scoreOver = async (broken: typeof killed, name: "SIGKILL" | "SIGSTOP") => {
      const directory = new ListDirectory([
        { ...good.endpoint, id: name, address: broken.address },
      ]);
      const scorer = client(directory).scorer(job());
      const scored = scorer.score(requests);
      await until(() => broken.calls() === 1);
      directory.set(...directory.endpoints, good.endpoint);
      broken.signal(name);
      const began = Date.now();
      expect(await scored).toEqual(expected);
      return Date.now() - began;
    };
    const [afterKill, afterStop] = await Promise.all([
      scoreOver(killed, "SIGKILL"),
      scoreOver(frozen, "SIGSTOP"),
    ]);
    expect(afterKill).toBeLessThan(1_000);
    expect(afterStop).toBeLessThan(5_000);
  });

  it("if the first one accepts connections and sends nothing", async () => {
    const silent = await silentServer();
    defer(silent.close);
    const good = await verifier("good");
    const first = { ...good.endpoint, id: "silent", address: silent.address };
    const directory = new ListDirectory([first]);
    const limits = { connectTimeoutMs: 200 };
    const scorer = client(directory, { limits }).scorer(job());
    const began = Date.now();
    const scored = scorer.score(requests);
    await until(() => silent.connections() > 0);
    directory.set(first, good.endpoint);
    expect(await scored).toEqual(await local.score(requests));
    expect(Date.now() - began).toBeLessThan(5_000);
    // The watchdog gives the connection up and, after a while, tries again.
    await until(() => silent.connections() > 1);
  });

  it("if the first one holds another model, which is remembered", async () => {
    const other = await verifier("a", { target: "ff".repeat(32) });
    const good = await verifier("b");
    const directory = new ListDirectory([other.endpoint]);
    const scorer = client(directory).scorer(job());
    const scored = scorer.score(requests);
    await new Promise((resolve) => setTimeout(resolve, 50));
    directory.set(other.endpoint, good.endpoint);
    expect(await scored).toEqual(await local.score(requests));
    for (let key = 10; key < 15; key++) await scorer.score([request(key)]);
    expect(good.handler.calls).toHaveLength(6);
  });

  it("though it is larger than what the library itself would repeat", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    a.handler.instead = () => Promise.reject(new ProtocolError("DRAINING", "going down"));
    const directory = new ListDirectory([a.endpoint]);
    const verifiers = client(directory);
    const long = Array.from({ length: 40 }, (_, key) => ({
      ...request(key),
      prompt: new Int32Array(20_000).fill(70_000),
    }));
    const scored = verifiers.scorer(job()).score(long);
    await until(() => a.handler.calls.length === 1);
    directory.set(a.endpoint, b.endpoint);
    expect(await scored).toEqual(await local.score(long));
    expect(verifiers.statistics.requestBytes).toBeGreaterThan(2 * 2 ** 20);
  });

  it("if one shuts down in order", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    const directory = new ListDirectory([a.endpoint]);
    const scorer = client(directory).scorer(job());
    await scorer.score(requests);
    directory.set(a.endpoint, b.endpoint);
    const drained = a.server.drain(1_000);
    expect(await scorer.score(requests)).toEqual(await local.score(requests));
    expect(b.handler.calls).toHaveLength(1);
    await drained;
  });

  it("if one fails, sends an invalid answer, or does not answer in time", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    const directory = new ListDirectory([a.endpoint]);
    const limits = { tryTimeoutMs: 150, firstBackoffMs: 60_000, longestBackoffMs: 60_000 };
    const troubles: (typeof a.handler.instead)[] = [
      () => Promise.reject(new Error("the thread died")),
      async (_, answer) => ({ ...answer(), answers: answer().answers.slice(1) }),
      hang,
    ];
    for (const instead of troubles) {
      a.handler.instead = instead;
      directory.set(a.endpoint);
      const verifiers = client(directory, { limits });
      const before = a.handler.calls.length;
      const scored = verifiers.scorer(job()).score(requests);
      await until(() => a.handler.calls.length > before);
      directory.set(a.endpoint, b.endpoint);
      expect(await scored).toEqual(await local.score(requests));
      expect(verifiers.statistics.retries).toBe(1);
    }
  });
});

describe("a busy verifier", () => {
  it("is asked again after as long as it says, and not before", async () => {
    const a = await verifier("a");
    const times: number[] = [];
    a.handler.instead = async (_, answer) => {
      times.push(Date.now());
      if (times.length > 2) return answer();
      throw new ProtocolError("BUSY", "full", { retryAfterMs: 150 });
    };
    // Patience is for verifiers that are away: this one is not.
    const limits = { patienceMs: 100 };
    const verifiers = client(new ListDirectory([a.endpoint]), { limits });
    expect(await verifiers.scorer(job()).score(requests)).toEqual(await local.score(requests));
    const [first = 0, second = 0, third = 0] = times;
    for (const pause of [second - first, third - second]) {
      expect(pause).toBeGreaterThanOrEqual(149);
      expect(pause).toBeLessThan(500);
    }
    expect(verifiers.statistics).toMatchObject({ calls: 1, retries: 2 });
  });

  it("leaves the call to another one", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    a.handler.instead = () =>
      Promise.reject(new ProtocolError("BUSY", "", { retryAfterMs: 9_000 }));
    const directory = new ListDirectory([a.endpoint]);
    const scorer = client(directory).scorer(job());
    const scored = scorer.score(requests);
    await until(() => a.handler.calls.length === 1);
    directory.set(a.endpoint, b.endpoint);
    await scored;
    expect(b.handler.calls).toHaveLength(1);
  });
});

describe("a call fails", () => {
  it("with NO_VERIFIER if all verifiers are down, after few tries", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    for (const { handler } of [a, b]) {
      handler.instead = () => Promise.reject(new ProtocolError("DRAINING", "going down"));
    }
    const limits = { patienceMs: 600, firstBackoffMs: 50 };
    const verifiers = client(new ListDirectory([a.endpoint, b.endpoint]), { limits });
    const scorer = verifiers.scorer(job());
    const began = Date.now();
    const failures = await Promise.all(
      Array.from({ length: 20 }, (_, key) => refusal(scorer.score([request(key)]))),
    );
    expect(Date.now() - began).toBeLessThan(3_000);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["NO_VERIFIER"]));
    expect(failures[0]?.message).toMatch(/a at 127.*b at 127.*Put the job back/);
    // At first each verifier meets all calls; then one call per back-off: 50, 100, 200, 400 ms.
    const tries = a.handler.calls.length + b.handler.calls.length;
    expect(tries).toBeLessThanOrEqual(2 * 20 + 2 * 6);
  });

  it("with NO_VERIFIER if there are none, but not if one appears in time", async () => {
    const directory = new ListDirectory();
    const limits = { patienceMs: 150 };
    const scorer = client(directory, { limits }).scorer(job());
    const { code, message } = await refusal(scorer.score(requests));
    expect(code).toBe("NO_VERIFIER");
    expect(message).toContain("the directory names none");
    // Its start takes longer than the call's patience on a busy machine.
    const { endpoint } = await verifier("a");
    const scored = scorer.score(requests);
    directory.set(endpoint);
    expect(await scored).toHaveLength(2);
  });

  it.each([1, 2])("if it is invalid, as %i verifiers say twice", async (count) => {
    const limits = { promptTokens: 2 };
    const held = [await verifier("a", { limits }), await verifier("b", { limits })];
    const directory = new ListDirectory(held.slice(0, count).map(({ endpoint }) => endpoint));
    const verifiers = client(directory);
    const { code, message } = await refusal(verifiers.scorer(job()).score(requests));
    expect(code).toBe("INVALID_CALL");
    const last = count === 1 ? "a" : "b";
    expect(message).toContain(`${last}: user 0: the prompt has 3 tokens, but the limit is 2`);
    expect(verifiers.statistics.retries).toBe(1);
  });

  it("with NO_VERIFIER if all verifiers fail at it, after few tries", async () => {
    const [a, b] = [await verifier("a"), await verifier("b")];
    for (const { handler } of [a, b])
      handler.instead = () => Promise.reject(new Error("no memory"));
    const directory = new ListDirectory([a.endpoint, b.endpoint]);
    const limits = { patienceMs: 500, firstBackoffMs: 50 };
    const scorer = client(directory, { limits }).scorer(job());
    const { code, message } = await refusal(scorer.score(requests));
    expect(code).toBe("NO_VERIFIER");
    expect(message).toContain("no memory");
    const tries = a.handler.calls.length + b.handler.calls.length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(10);
  });

  it("when the job is cancelled, and the verifier is notified", async () => {
    const a = await verifier("a");
    a.handler.instead = hang;
    const cancelling = new AbortController();
    const scorer = client(new ListDirectory([a.endpoint])).scorer({
      ...job(),
      signal: cancelling.signal,
    });
    const scored = refusal(scorer.score(requests));
    await until(() => a.handler.calls.length === 1);
    cancelling.abort("lock lost");
    expect(await scored).toMatchObject({ code: "CANCELLED", cause: "lock lost" });
    await until(() => a.server.openCalls === 0);
    expect(a.handler.calls[0]?.signal.reason).toMatchObject({ code: "CANCELLED" });
    expect(await refusal(scorer.score(requests))).toMatchObject({ code: "CANCELLED" });
    expect(a.handler.calls).toHaveLength(1);
  });

  it("when the deadline passes, which the verifier knows in advance", async () => {
    const a = await verifier("a");
    a.handler.instead = hang;
    const directory = new ListDirectory([a.endpoint]);
    const verifiers = client(directory);
    const deadline = Date.now() + 250;
    const { code } = await refusal(verifiers.scorer({ ...job(), deadline }).score(requests));
    expect(code).toBe("DEADLINE");
    expect(Date.now() - deadline).toBeLessThan(300);
    expect(Math.abs((a.handler.calls[0]?.deadline ?? 0) - deadline)).toBeLessThan(100);
    // The verifier is not to blame.
    a.handler.instead = undefined;
    expect(await verifiers.scorer(job()).score(requests)).toHaveLength(2);
    directory.set();
    const late = verifiers.scorer({ ...job(), deadline: Date.now() + 50 }).score(requests);
    expect(await refusal(late)).toMatchObject({ code: "DEADLINE" });
  });

  it("when the client is closed", async () => {
    const a = await verifier("a");
    a.handler.instead = hang;
    const verifiers = client(new ListDirectory([a.endpoint]));
    const scored = refusal(verifiers.scorer(job()).score(requests));
    await until(() => a.handler.calls.length === 1);
    await verifiers.close();
    expect(await scored).toMatchObject({ code: "CLOSED" });
    await until(() => a.server.openCalls === 0);
  });

  it("as a whole if one of its parts does", async () => {
    const a = await verifier("a");
    a.handler.instead = async (call) => {
      await until(() => a.handler.calls.length >= 4);
      if (call.requests[0]?.prompt[0] !== 4) return hang(call);
      throw new ProtocolError("INVALID_CALL", "no good");
    };
    const limits = { usersPerCall: 1 };
    const scorer = client(new ListDirectory([a.endpoint]), { limits }).scorer(job());
    const failed = await refusal(scorer.score([1, 2, 3, 4].map((key) => request(key))));
    expect(failed.code).toBe("INVALID_CALL");
    await until(() => a.server.openCalls === 0);
  });
});
