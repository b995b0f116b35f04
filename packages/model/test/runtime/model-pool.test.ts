import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { ModelError } from "../../src/errors.js";
import { ModelPool, type PoolWorker } from "../../src/runtime/model-pool.js";

const NO_TREE = {
  prefixes: new Uint32Array(),
  parents: new Int32Array(),
  wanted: new Uint32Array(),
};

function request(key: number): ScoreRequest {
  return { key, prompt: Int32Array.of(key), tree: NO_TREE };
}

/** Answers with the keys it was asked for, when it is let. */
class FakeWorker implements PoolWorker<ScoreRequest, ScoreAnswer> {
  readonly calls: number[][] = [];
  readonly released: number[][] = [];
  isOpen = true;
  load = 0;
  #waiting: (() => void)[] = [];
  readonly #patient: boolean;

  constructor(options: { patient?: boolean } = {}) {
    this.#patient = options.patient ?? false;
  }

  async run(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    if (!this.isOpen) throw new ModelError("RUNTIME", "the worker died");
    this.calls.push(requests.map(({ key }) => key));
    this.load++;
    if (this.#patient) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.load--;
    return requests.map(({ key }) => ({
      logProbs: Float64Array.of(key),
      tokens: 1,
      milliseconds: 1,
    }));
  }

  finish(): void {
    for (const done of this.#waiting.splice(0)) done();
  }

  release(keys: readonly number[]): void {
    this.released.push([...keys]);
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }
}

function poolOf(workers: FakeWorker[], maxWaiting = 10): ModelPool<ScoreRequest, ScoreAnswer> {
  return new ModelPool({ workers, maxWaiting });
}

async function keysOf(answers: Promise<readonly ScoreAnswer[]>): Promise<(number | undefined)[]> {
  return (await answers).map(({ logProbs }) => logProbs[0]);
}

describe("a pool of workers", () => {
  it("gives new users to the worker with the least to do", async () => {
    const [a, b] = [new FakeWorker({ patient: true }), new FakeWorker()];
    const pool = poolOf([a, b]);
    const first = pool.run([request(1)]);
    await pool.run([request(2)]);
    await pool.run([request(3)]);
    expect([a.calls, b.calls]).toEqual([[[1]], [[2], [3]]]);
    a.finish();
    await first;
  });

  it("sends users to their worker again, in one call with others, in their order", async () => {
    const [a, b] = [new FakeWorker({ patient: true }), new FakeWorker({ patient: true })];
    const pool = poolOf([a, b]);
    const [first, second] = [pool.run([request(1), request(2)]), pool.run([request(3)])];
    a.finish();
    b.finish();
    await Promise.all([first, second]);
    const mixed = keysOf(pool.run([request(3), request(1), request(4), request(2)]));
    a.finish();
    b.finish();
    expect(await mixed).toEqual([3, 1, 4, 2]);
    expect([a.calls.at(-1), b.calls.at(-1)]).toEqual([[1, 4, 2], [3]]);
    pool.release([3, 1, 99]);
    expect([a.released, b.released]).toEqual([[[1]], [[3]]]);
    pool.release([1]);
    expect(a.released).toHaveLength(1);
  });

  it("continues without a worker that died: its users start again on another one", async () => {
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    const pool = poolOf([a, b]);
    await pool.run([request(1)]);
    a.isOpen = false;
    expect(await keysOf(pool.run([request(1), request(2)]))).toEqual([1, 2]);
    expect(b.calls).toEqual([[1, 2]]);
    b.isOpen = false;
    expect(await refusal(pool.run([request(1)]))).toMatchObject({ message: "the worker died" });
  });

  it("counts a call once, even if several workers share it, and no failed ones", async () => {
    const [a, b] = [new FakeWorker({ patient: true }), new FakeWorker({ patient: true })];
    const pool = poolOf([a, b], 3);
    const homes = [pool.run([request(1)]), pool.run([request(2)])];
    const both = pool.run([request(1), request(2)]);
    expect(await refusal(pool.run([request(3)]))).toMatchObject({ code: "BUSY" });
    a.finish();
    b.finish();
    await Promise.all([...homes, both]);
    await pool.close();
    for (let i = 0; i < 5; i++) {
      expect(await refusal(pool.run([request(4)]))).toMatchObject({ code: "RUNTIME" });
    }
  });
});
