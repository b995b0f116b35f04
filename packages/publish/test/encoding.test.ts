import { refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeList, encodeBucket, encodeList, findInBucket } from "../src/encoding.js";

const texts = fc.string({ unit: "grapheme", maxLength: 12 });
const items = fc.oneof(
  fc.array(texts),
  fc.array(fc.nat(Number.MAX_SAFE_INTEGER).map(String)),
  fc.array(
    fc.constantFrom("0", "00", "017", "-1", "1e3", "9007199254740991", "9007199254740992", ""),
  ),
);
const lists = items.chain((ids) =>
  fc
    .option(fc.array(fc.double(), { minLength: ids.length, maxLength: ids.length }), {
      nil: undefined,
    })
    .map((scores) => ({ items: ids, ...(scores === undefined ? {} : { scores }) })),
);

describe("a published list", () => {
  it("is read back to the bit", () => {
    fc.assert(
      fc.property(lists, (list) => {
        expect(decodeList(encodeList(list))).toEqual(list);
      }),
    );
  });

  it("is these bytes", () => {
    expect(Buffer.from(encodeList({ items: ["5", "300"] })).toString("hex")).toBe("120205ac02");
    expect(Buffer.from(encodeList({ items: ["é"], scores: [-0.5] })).toString("hex")).toBe(
      "110102c3a9000000000000e0bf",
    );
  });

  it("that is damaged is another one or refused, and asks for no memory", () => {
    fc.assert(
      fc.property(lists, fc.nat(), fc.nat(255), fc.boolean(), (list, at, byte, isCut) => {
        const whole = encodeList(list);
        const bytes = isCut ? whole.subarray(0, at % whole.length) : whole;
        bytes[at % whole.length] = byte;
        try {
          decodeList(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "DAMAGED" });
        }
      }),
    );
    expect(refusalOf(() => decodeList(Buffer.from("13ffffffff0f", "hex"))).message).toContain(
      "items in 6 bytes",
    );
  });

  it("is found in its bucket", () => {
    const users = fc.uniqueArray(fc.tuple(texts, lists), { selector: ([user]) => user });
    fc.assert(
      fc.property(users, texts, (all, stranger) => {
        const bucket = encodeBucket(all.map(([user, list]) => ({ user, list: encodeList(list) })));
        for (const [user, list] of all) {
          expect(decodeList(findInBucket(bucket, user) ?? new Uint8Array())).toEqual(list);
        }
        if (all.every(([user]) => user !== stranger))
          expect(findInBucket(bucket, stranger)).toBeUndefined();
      }),
    );
  });
});
