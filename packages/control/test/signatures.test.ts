import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Signatures, type SignedMessage } from "../src/nodes/signatures.js";

const NOW = Date.UTC(2026, 10, 3);
const message = { subject: "nightbeam.nodes.verifier.v1", text: "{}" };

function signatures(key = "a-key-of-16-chars", time = { now: NOW }): Signatures {
  return new Signatures({ key, now: () => time.now });
}

describe("a signature", () => {
  it("is accepted once, in order, by whoever has the key", () => {
    const [node, watcher] = [signatures(), signatures()];
    const [first, second] = [node.sign(message), node.sign(message)];
    expect(watcher.problemOf(message, first)).toBeUndefined();
    expect(watcher.problemOf(message, first)).toBe("it is repeated");
    expect(watcher.problemOf(message, second)).toBeUndefined();
    expect(watcher.problemOf(message, first)).toBe("it is repeated");
    expect(watcher.problemOf(message, node.sign(message), NOW + 60_000)).toBe("it is repeated");
  });

  it("is for one subject and one text", () => {
    const signed = signatures().sign(message);
    const others: SignedMessage[] = [
      { ...message, subject: "staging.nodes.verifier.v1" },
      { ...message, subject: `${message.subject}0` },
      { ...message, text: '{"gone":true}' },
    ];
    for (const other of others) {
      expect(signatures().problemOf(other, signed)).toBe("it is signed with another key");
    }
    const key = "another-key-of-24-chars-";
    expect(signatures(key).problemOf(message, signed)).toBe("it is signed with another key");
    expect(signatures().problemOf(message, "")).toBe("it is not signed");
  });

  it("is accepted for a minute, and the clocks are blamed after that", () => {
    const signed = signatures().sign(message);
    for (const apart of [-61_000, 61_000]) {
      const watcher = signatures(undefined, { now: NOW + apart });
      expect(watcher.problemOf(message, signed)).toContain("differs by 61 s");
    }
    const watcher = signatures(undefined, { now: NOW + 59_000 });
    expect(watcher.problemOf(message, signed)).toBeUndefined();
  });

  it("does not keep times that are too old to matter", () => {
    const time = { now: NOW };
    const [node, watcher] = [signatures(undefined, time), signatures(undefined, time)];
    for (let at = 0; at < 3_000; at++) {
      time.now += 100;
      const sent = { subject: `s.${at}`, text: "" };
      expect(watcher.problemOf(sent, node.sign(sent))).toBeUndefined();
    }
    const last = { subject: "s.2999", text: "" };
    time.now += 100;
    expect(watcher.problemOf(last, node.sign(last))).toBeUndefined();
  });

  it("is nothing else: no text is accepted, or throws", () => {
    const signed = signatures().sign(message);
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(fc.nat({ max: signed.length - 1 }), fc.string({ maxLength: 3 }))
        .map(([at, put]) => signed.slice(0, at) + put + signed.slice(at + put.length + 1)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(text !== signed);
        // The last character of base64url has two bits that mean nothing.
        fc.pre(text.slice(0, -1) !== signed.slice(0, -1));
        expect(signatures().problemOf(message, text)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
