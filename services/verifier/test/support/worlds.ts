import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Catalogue, ROOT } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { type ScoreAnswer, type ScoreRequest, treeOf } from "@nightbeam/decoding";
import { type Model, openModel } from "@nightbeam/model";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll } from "vitest";

/** A world on disk with its target opened in this process: what a verifier has to agree with. */
export interface VerifierWorld extends World {
  readonly searched: Catalogue;
  readonly local: Model;
  /** Users' first questions, and the follow-up ones with larger trees, in the same order. */
  questions(from: number, count: number): { first: ScoreRequest[]; second: ScoreRequest[] };
  /** What the model says by itself to one question. */
  alone(request: ScoreRequest): Promise<Float64Array>;
}

/** A world for the tests of the enclosing `describe`, removed after them. */
export function useVerifierWorld(): () => VerifierWorld {
  let made: VerifierWorld | undefined;
  let directory: string | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-verifier-"));
    const size = {
      items: 240,
      users: 40,
      levels: 3,
      codesPerLevel: 12,
      layers: 2,
      width: 32,
      heads: 2,
    };
    const world = await writeWorld({ ...size, maxItems: 6, directory });
    const searched = await openCatalogue(world.catalogue);
    const local = await openModel({
      directory: world.target,
      catalogue: searched,
      scoring: "full",
      precision: "fp32",
      cacheDirectory: directory,
      workers: 1,
      threads: 1,
      cacheBytes: 0,
      maxWaiting: 10_000,
    });
    made = { ...world, searched, local, ...questionsOf(searched, local) };
  });
  afterAll(async () => {
    await made?.local.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });
  return () => {
    if (made === undefined) throw new Error("the world is made before the tests");
    return made;
  };
}

function questionsOf(
  searched: Catalogue,
  local: Model,
): Pick<VerifierWorld, "questions" | "alone"> {
  const { trie, itemCount } = searched;
  const inner = trie.levelStart[trie.levels] ?? 1;
  const known = new Map<string, Promise<Float64Array>>();
  return {
    questions(from, count) {
      const users = Array.from({ length: count }, (_, at) => from + at);
      const ask = (user: number, nodes: number): ScoreRequest => {
        const history = Array.from(
          { length: 1 + (user % 6) },
          (_, at) => (user * 31 + at * 17) % itemCount,
        );
        const wanted = Array.from({ length: nodes }, (_, at) => (user * 13 + at * 7) % inner);
        return {
          key: user,
          prompt: local.encodePrompt(history),
          tree: treeOf(trie, [ROOT, ...wanted]),
        };
      };
      return {
        first: users.map((user) => ask(user, user % 4)),
        second: users.map((user) => ask(user, 4 + (user % 9))),
      };
    },
    alone(request) {
      const name = `${request.key} ${request.tree.prefixes.join(" ")}`;
      const answer = known.get(name) ?? local.scorer.score([request]).then(onlyOne);
      known.set(name, answer);
      return answer;
    },
  };
}

function onlyOne([answer]: readonly ScoreAnswer[]): Float64Array {
  if (answer === undefined) throw new Error("the model did not answer");
  return answer.logProbs;
}

export function logProbsOf(answers: readonly ScoreAnswer[]): Float64Array[] {
  return answers.map(({ logProbs }) => logProbs);
}
