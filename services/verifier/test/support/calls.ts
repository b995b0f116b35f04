import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import type { FakeTime } from "@nightbeam/testing";
import type { LaneCall } from "../../src/batching/waiting-call.js";
import type { LaneLimits } from "../../src/lanes/lanes-options.js";

const NO_NODES = {
  prefixes: Uint32Array.of(0),
  parents: Int32Array.of(-1),
  wanted: Uint32Array.of(0),
};

/** Limits that no call of a test reaches by accident; passes start at once. */
export const WIDE_LIMITS: LaneLimits = {
  tokenBudget: 100,
  maxWaitMs: 0,
  maxAgeMs: 1_000,
  maxWaitingTokens: 1_000,
  maxCalls: 100,
  idleMs: 60_000,
  maxKeys: 1_000,
};

/** A request that says nothing but whose it is. */
export function request(key: number, promptLength = 4): ScoreRequest {
  return { key, prompt: new Int32Array(promptLength).fill(key), tree: NO_NODES };
}

export function laneCall(
  key: number,
  fields: Partial<LaneCall<ScoreRequest>> = {},
): LaneCall<ScoreRequest> {
  return {
    peer: "a client",
    requests: [request(key)],
    beamWidth: 0,
    tokens: 10,
    followUp: false,
    promptLength: 4,
    deadline: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    ...fields,
  };
}

/** The key under which an answer was computed. */
export function answerOf(key: number, tokens = 10): ScoreAnswer {
  return { logProbs: Float64Array.of(key), tokens, milliseconds: 1 };
}

export function keysOf(answers: readonly ScoreAnswer[]): (number | undefined)[] {
  return answers.map(({ logProbs }) => logProbs[0]);
}

/** A model that takes its time by a fake clock, and refuses passes with certain keys. */
export class FakeModel {
  readonly passes: number[][] = [];
  readonly released: number[] = [];
  readonly bad = new Set<number>();
  isOpen = true;
  readonly #time: FakeTime;
  readonly #passMs: number;

  constructor(time: FakeTime, passMs = 100) {
    this.#time = time;
    this.#passMs = passMs;
  }

  readonly score = async (requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> => {
    this.passes.push(requests.map(({ key }) => key));
    await new Promise<void>((resolve) => this.#time.after(this.#passMs, resolve));
    if (!this.isOpen) throw new Error("the thread died");
    const refused = requests.find(({ key }) => this.bad.has(key));
    if (refused !== undefined) throw new Error(`refuses ${refused.key}`);
    return requests.map(({ key }) => answerOf(key));
  };

  /** As a lane calls it. */
  readonly run = ({ requests }: { requests: readonly ScoreRequest[] }) => this.score(requests);

  release(keys: readonly number[]): void {
    this.released.push(...keys);
  }
}

/** How a promise ended: its value, or the code or message of its error. */
export async function outcome<Value>(promise: Promise<Value>): Promise<Value | string> {
  return promise.catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
    return "code" in error ? String(error.code) : error.message;
  });
}
