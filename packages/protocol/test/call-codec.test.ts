import { checkTree, treeOf } from "@nightbeam/decoding";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCall } from "../src/codec/decode-call.js";
import { ProtocolError } from "../src/errors.js";
import { VerifyRequest } from "../src/generated/nightbeam/verifier/v1/verifier.js";
import { limits, packed } from "./support/packed.js";
import { someCall } from "./support/random-calls.js";

/** Over the wire and back. */
function overTheWire(message: VerifyRequest): VerifyRequest {
  return VerifyRequest.decode(VerifyRequest.encode(message).finish());
}

/** The columns of a request, each of which a mutation may hit. */
const COLUMNS = [
  "keys",
  "promptLengths",
  "promptTokens",
  "treeSizes",
  "codes",
  "parents",
  "released",
] as const;

const mutation = fc.record({
  column: fc.constantFrom(...COLUMNS, "wanted" as const),
  place: fc.nat({ max: 30 }),
  deleted: fc.nat({ max: 2 }),
  inserted: fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 2 ** 32 - 1 })), { maxLength: 2 }),
});

describe("a call", () => {
  it("comes out as it went in", () => {
    fc.assert(
      fc.property(someCall, fc.array(fc.nat()), ({ trie, requests }, released) => {
        const decoded = decodeCall(trie, overTheWire(packed(trie, requests, released)), limits);
        expect(decoded).toEqual({ client: "fedcba9876543210", requests, released });
      }),
      { numRuns: 400 },
    );
  });

  it("is refused or gives valid trees, no matter how its columns are changed", () => {
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(someCall, fc.array(mutation, { minLength: 1, maxLength: 3 }), (call, changes) => {
        const { trie, requests } = call;
        const message = packed(trie, requests);
        for (const { column, place, deleted, inserted } of changes) {
          const values = [...message[column]];
          values.splice(place, deleted, ...inserted);
          if (column === "wanted") message.wanted = Uint8Array.from(values);
          else message[column] = values;
        }
        try {
          const decoded = decodeCall(trie, overTheWire(message), limits);
          for (const { tree, prompt } of decoded.requests) {
            checkTree(trie, tree);
            expect(prompt.length).toBeGreaterThan(0);
            expect(prompt.every((token) => token >= 0 && token < limits.vocabulary)).toBe(true);
          }
          taken++;
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          expect(error.code).toBe("INVALID_CALL");
          refused++;
        }
      }),
      { numRuns: 1_500 },
    );
    // Both ways are walked often.
    expect(Math.min(refused, taken)).toBeGreaterThan(50);
  });

  it("has a form that others can write: root, ancestors, wanted bits", () => {
    const { trie } = catalogueOf([
      [3, 5, 0],
      [3, 6, 0],
      [9, 5, 0],
    ]);
    // The prompt, then 3, 9, then 3-6 and 9-5; asked for: what follows the prompt, 3-6 and 9-5.
    const tree = treeOf(trie, [0, 4, 5]);
    const message = packed(trie, [{ key: 7, prompt: Int32Array.of(11, 12), tree }]);
    expect(message).toMatchObject({
      keys: [7],
      promptLengths: [2],
      promptTokens: [11, 12],
      treeSizes: [5],
      codes: [0, 3, 9, 6, 5],
      parents: [1, 0, 0, 2, 2],
      wanted: Uint8Array.of(0b11001),
    });
  });
});
