import { shardJobId } from "@nightbeam/queue";
import { runIdOf } from "@nightbeam/run";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("the id of a run", () => {
  it("is part of valid job ids, for any location", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
        shardJobId(runIdOf(`/runs/${name.replaceAll("\0", "")}`), 0);
      }),
    );
    expect(shardJobId(runIdOf("/runs/123"), 0)).toMatch(/^123-[0-9a-f]{6}-s00000$/);
  });
});
