import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "../scripts/scale/plan.mjs");

function run(...flags: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...flags], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

function plan(...flags: string[]) {
  return JSON.parse(run("--json", ...flags).stdout);
}

describe("plan.mjs", () => {
  it("plans fewer verifiers, and the same files, for users whose lists are reused", () => {
    const all = plan();
    const some = plan("--reused", "0.75");
    expect(some.users).toMatchObject({ computed: 25e6, reused: 75e6 });
    expect(some.nodes.verifiers).toBe(Math.ceil(25e6 / 280 / 3_600 / 0.8 / 8));
    expect(all.nodes.verifiers).toBe(Math.ceil(100e6 / 280 / 3_600 / 0.8 / 8));
    expect(some.store.writes).toBe(all.store.writes);
    const { total, ...parts } = some.cost;
    expect(Object.values<number>(parts).reduce((sum, one) => sum + one, 0)).toBeCloseTo(total);
  });

  it("says when there are more shards than a run may have, and what a number must be", () => {
    expect(run("--shard-users", "100").stdout).toMatch(/more than 500,000: raise --shard-users/);
    expect(run().stdout).not.toMatch(/more than 500,000/);
    expect(run("--users", "many")).toMatchObject({
      status: 2,
      stderr: "--users many: give a number\n",
    });
  });
});
