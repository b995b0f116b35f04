import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NodeTable } from "../src/nodes/node-table.js";
import { verifier } from "./support/controls.js";

const EXPIRY = 5_000;
const TICK = 500;

function ids(table: NodeTable): string[] {
  return table.entries.map(({ id }) => id);
}

/** Lets time pass in ticks. @returns the time then */
function pass(table: NodeTable, fromMs: number, ms: number): number {
  for (let now = fromMs + TICK; now <= fromMs + ms; now += TICK) table.tick(now);
  return fromMs + ms;
}

function connectedTable(): NodeTable {
  const table = new NodeTable({ expiryMs: EXPIRY });
  table.connectionChanged(true, 0);
  table.tick(0);
  return table;
}

describe("the table of nodes", () => {
  it("lists nodes by id and says whether something changed", () => {
    const table = connectedTable();
    expect(table.heard(verifier("b"), 1)).toBe(true);
    expect(table.heard(verifier("a"), 2)).toBe(true);
    expect(ids(table)).toEqual(["a", "b"]);
    const before = table.entries;
    expect(table.heard(verifier("a"), 3)).toBe(false);
    expect(table.entries).toBe(before);
    expect(table.heard(verifier("a", { waitingTokens: 7 }), 4)).toBe(true);
    expect(table.entries[0]).toMatchObject({ id: "a", waitingTokens: 7 });
    expect(table.gone("a")).toBe(true);
    expect(table.gone("a")).toBe(false);
    expect(ids(table)).toEqual(["b"]);
  });

  it("drops a silent node at the expiry, not before", () => {
    const table = connectedTable();
    table.heard(verifier("a"), 0);
    table.heard(verifier("b"), 0);
    pass(table, 0, EXPIRY - TICK);
    table.heard(verifier("b"), EXPIRY - TICK);
    expect(ids(table)).toEqual(["a", "b"]);
    expect(table.tick(EXPIRY)).toBe(true);
    expect(ids(table)).toEqual(["b"]);
  });

  it("keeps all nodes while NATS is away, and for the expiry after its return", () => {
    const table = connectedTable();
    table.heard(verifier("a"), 0);
    table.connectionChanged(false, 100);
    let now = pass(table, 0, 3_600_000);
    expect(ids(table)).toEqual(["a"]);
    table.connectionChanged(true, now);
    now = pass(table, now, EXPIRY - TICK);
    expect(ids(table)).toEqual(["a"]);
    pass(table, now, TICK);
    expect(ids(table)).toEqual([]);
  });

  it("does not count the time that it was suspended as the nodes' silence", () => {
    const table = connectedTable();
    table.heard(verifier("a"), 0);
    table.tick(60_000);
    expect(ids(table)).toEqual(["a"]);
    pass(table, 60_000, EXPIRY);
    expect(ids(table)).toEqual([]);
  });

  it("equals a plain model under any history", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("heard" as const), id }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("gone" as const), id }) },
      { weight: 12, arbitrary: fc.record({ kind: fc.constant("tick" as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("connected" as const), up: fc.boolean() }),
      },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const table = connectedTable();
        // How long each node was silent while this process listened.
        const silent = new Map<string, number>();
        let connected = true;
        let now = 0;
        for (const event of events) {
          if (event.kind === "heard") {
            table.heard(verifier(event.id), now);
            silent.set(event.id, 0);
          } else if (event.kind === "gone") {
            table.gone(event.id);
            silent.delete(event.id);
          } else if (event.kind === "connected") {
            table.connectionChanged(event.up, now);
            connected = event.up;
            // The grace time: all nodes start with a full expiry.
            if (connected) for (const known of silent.keys()) silent.set(known, 0);
          } else {
            now += TICK;
            table.tick(now);
            for (const [known, ms] of connected ? silent : []) {
              if (ms + TICK >= EXPIRY) silent.delete(known);
              else silent.set(known, ms + TICK);
            }
          }
          expect(ids(table)).toEqual([...silent.keys()].sort());
        }
      }),
      { numRuns: 300 },
    );
  });
});
