import { parseOptions, withoutBlanks } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { describe, expect, it } from "vitest";
import { drafterCommand } from "../src/command/drafter-command.js";
import { batchesInFlight, MAX_BATCHES_IN_FLIGHT } from "../src/decode/open-run-context.js";
import { drafterSchema } from "../src/options/options.js";
import { startDrafter } from "../src/start-drafter.js";

function parse(given: Record<string, unknown>) {
  return parseOptions(drafterSchema, withoutBlanks({ redis: "redis://127.0.0.1:1", ...given }));
}

describe("options", () => {
  it("have defaults, and read what was typed", () => {
    expect(parse({ workers: "", name: "" })).toMatchObject({
      shardsAtOnce: 2,
      promptCache: 1,
      lockMs: 30_000,
      graceMs: 20_000,
      name: expect.stringMatching(/^[-\w]+-[0-9a-f]{6}$/),
    });
    expect(parse({ shardsAtOnce: "3", batchesInFlight: "5", lockMs: "2000" })).toMatchObject({
      shardsAtOnce: 3,
      batchesInFlight: 5,
      lockMs: 2_000,
    });
  });

  it("are refused with their name, their value and what to give instead", () => {
    const refused = (given: Record<string, unknown>) => () => parse(given);
    expect(refused({ redis: "" })).toThrow("--redis is required");
    expect(refused({ shardsAtOnce: "0" })).toThrow(
      "--shards-at-once 0: give a whole number of at least 1",
    );
    expect(refused({ promptCache: "much" })).toThrow("give a number of GiB");
    expect(refused({ name: "a.b" })).toThrow("give up to 100 letters");
    expect(refused({ logFormat: "xml" })).toThrow("give json or pretty");
  });

  it("keep the names that were published before", () => {
    const former = drafterCommand().options.filter(({ hidden }) => hidden);
    expect(former.map(({ long, envVar }) => [long, envVar])).toEqual([
      ["--lanes", "NIGHTBEAM_LANES"],
    ]);
  });

  it("all come from flags or variables", async () => {
    const command = drafterCommand().exitOverride();
    const variables = command.options.map(({ envVar }) => envVar ?? "none");
    expect(variables.every((name) => /^NIGHTBEAM_[A-Z_]+$/.test(name))).toBe(true);
    for (const name of ["NIGHTBEAM_REDIS_URL", "NIGHTBEAM_NATS_URL", "NIGHTBEAM_VERIFIERS"]) {
      expect(variables).toContain(name);
    }
    // A secret can be read from a file as well: its flag has no key of its own.
    const secrets = ["--redis-file", "--nats-file", "--cluster-key-file"];
    const current = command.options.filter(({ hidden, long }) => {
      return !hidden && !secrets.includes(long ?? "");
    });
    const keys = current.map((option) => option.attributeName()).sort();
    expect(keys).toEqual(Object.keys(drafterSchema.in.shape).sort());
    await expect(
      command.parseAsync(["--batches-in-flight", "no"], { from: "user" }),
    ).rejects.toThrow("--redis is required");
  });

  it("must name NATS or verifiers", async () => {
    await expect(startDrafter(parse({}), { log: silentLog })).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
  });
});

describe("the batches per shard in progress", () => {
  it("grow with the verifiers, up to a limit", () => {
    const batches = (verifiers: number) =>
      batchesInFlight({ batchesInFlight: undefined }, verifiers);
    expect([0, 1, 2, 5, 100].map(batches)).toEqual([3, 3, 4, 7, MAX_BATCHES_IN_FLIGHT]);
    expect(batchesInFlight({ batchesInFlight: 1 }, 5)).toBe(1);
  });
});
