import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { thrownBy } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { decodeShard, speculativeDecoder } from "../src/index.js";
import { decodeWith } from "./support/decode.js";
import { scenario, setUp, user } from "./support/shards.js";

const space = { trie: scenario.catalogue.trie, scoring: "full" } as const;

it.each([
  ["target must be a Scorer", { space, beamWidth: 2 }],
  ["space.trie must be", { target: setUp().target, space: {}, beamWidth: 2 }],
  ["space.scoring must be", { target: setUp().target, space: { ...space, scoring: "half" } }],
  ["beam width 0", { target: setUp().target, space, beamWidth: 0 }],
])("refuses a decoder with a message: %s", (message, options) => {
  expect(thrownBy(() => Reflect.apply(speculativeDecoder, undefined, [options]))).toMatchObject({
    code: "BAD_OPTION",
    message: expect.stringContaining(message),
  });
});

it.each([
  ["must be an array", { 0: user([1]) }],
  ["[0] must be an object", [undefined]],
  ["[1].prompt must be an Int32Array", [user([1]), { ...user([1]), prompt: [1] }]],
  ["[0].history must be a Uint32Array", [{ ...user([1]), history: ["a"] }]],
  ["[0].exclusion must be an Exclusion", [{ ...user([1]), exclusion: [3] }]],
])("refuses users and jobs with a message: %s", async (message, users) => {
  const refused = { code: "BAD_OPTION", message: expect.stringContaining(message) };
  const shard = setUp().options();
  await expect(Reflect.apply(decodeShard, undefined, [users, shard])).rejects.toMatchObject(
    refused,
  );
  const jobs = Array.isArray(users) ? users.map((one, key) => one && { ...one, key }) : users;
  const decoded = Reflect.apply(decodeWith, undefined, [shard.decoder, jobs]);
  await expect(decoded).rejects.toMatchObject(refused);
});

it("refuses a job whose key is not a number", async () => {
  const { decoder } = setUp().options();
  const job = { prompt: Int32Array.of(1), history: new Uint32Array(), exclusion: NOTHING_EXCLUDED };
  const decoded = Reflect.apply(decodeWith, undefined, [decoder, [job]]);
  await expect(decoded).rejects.toMatchObject({ code: "BAD_OPTION" });
});
