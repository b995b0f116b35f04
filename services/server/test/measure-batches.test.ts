import { buildCatalogue } from "@nightbeam/catalogue";
import { systemClock } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { expect, it } from "vitest";
import { measureBatches } from "../src/batching/measure-batches.js";

const catalogue = buildCatalogue([{ id: "a", codes: [0, 1], where: "a" }]);

it("batches are measured with users who need no name, texts or groups", async () => {
  const users: unknown[] = [];
  const sizes: number[] = [];
  await measureBatches({
    engine: {
      ...{ catalogue, historyCatalogue: catalogue },
      tokensOf: (promptTokens) => promptTokens,
      target: {
        // As a target whose prompts have a token of the user by number: a made-up name would be refused.
        encodePrompt: (items, user) => {
          users.push(user);
          return Int32Array.from(items);
        },
        maxPromptTokens: 7,
      },
    },
    decode: async (jobs) => {
      sizes.push(jobs.length);
      expect(jobs.map(({ prompt }) => prompt.length)).toEqual(jobs.map(() => 7));
      return [];
    },
    batchSize: 5,
    clock: systemClock,
    log: silentLog,
  });
  expect([...new Set(sizes)]).toEqual([1, 2, 4]);
  expect(new Set(users)).toEqual(new Set([undefined]));
});
