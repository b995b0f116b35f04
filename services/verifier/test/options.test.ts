import { availableParallelism } from "node:os";
import { formatHostPort, parseOptions, withoutBlanks } from "@nightbeam/service";
import { describe, expect, it } from "vitest";
import { verifierCommand } from "../src/command/verifier-command.js";
import { verifierSchema } from "../src/options/options.js";
import { advertisedAddress } from "../src/server/addresses.js";

const NEEDED = { target: "models/target", catalogue: "items.json" };

function parse(given: Record<string, unknown>) {
  return parseOptions(verifierSchema, withoutBlanks({ ...NEEDED, ...given }));
}

function refused(given: Record<string, unknown>): string {
  try {
    parse(given);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "taken";
}

describe("options", () => {
  it("have defaults for processors and others for GPUs", () => {
    const cores = availableParallelism();
    expect(parse({})).toMatchObject({
      listen: { host: "127.0.0.1", port: 7070 },
      workers: cores,
      threads: 1,
      promptCache: 1,
      tokenBudget: 4096,
      maxWaitingTokens: 65_536 * cores,
      maxWaitMs: 1,
      graceMs: 20_000,
      scoring: "full",
      programs: ["tree-scores"],
    });
    expect(parse({ device: "cuda" })).toMatchObject({
      device: { kind: "cuda", index: 0 },
      workers: 1,
      promptCache: 0,
      tokenBudget: 16_384,
      programs: ["tree-scores", "beam-search"],
    });
    expect(parse({ programs: " beam-search,tree-scores ,beam-search" })).toMatchObject({
      programs: ["tree-scores", "beam-search"],
    });
    expect(parse({ device: "cuda", programs: "beam-search" })).toMatchObject({
      programs: ["beam-search"],
    });
    expect(parse({ device: "cuda:1", workers: "2", promptCache: "0.5" })).toMatchObject({
      workers: 2,
      promptCache: 0.5,
    });
    expect(parse({ name: "", workers: "" })).toMatchObject({ workers: cores });
  });

  it("are refused with their name, their value and what to give instead", () => {
    expect(refused({ target: undefined })).toBe("--target is required");
    expect(refused({ catalogue: "" })).toBe("--catalogue is required");
    expect(refused({ workers: "0" })).toBe("--workers 0: give a whole number of at least 1");
    expect(refused({ scoring: "half" })).toBe("--scoring half: give full or renormalized");
    expect(refused({ device: "tpu" })).toBe(
      "--device tpu: give cpu, cuda, cuda:N for one of several GPUs, or webgpu",
    );
    for (const programs of ["level-heads", "tree-scores,,", "beam search"]) {
      expect(refused({ programs })).toBe(
        `--programs ${programs}: give tree-scores, beam-search, verify-tree, or several separated by commas`,
      );
    }
    expect(refused({ name: "a.b" })).toContain("give up to 100 letters");
    expect(refused({ promptCache: "-1" })).toContain("give a number of GiB");
    for (const listen of ["7070", "localhost", "host:65536", "::1:7070", "[::1]", "a b:1", ":1"]) {
      expect(refused({ listen })).toContain(`--listen ${listen}: give host:port`);
    }
    expect(refused({ advertise: "host:0" })).toContain("1 to 65535");
    expect(refused({ listen: "host:0" })).toBe("taken");
  });

  it("keep the names that were published before", () => {
    const former = verifierCommand().options.filter(({ hidden }) => hidden);
    expect(former.map(({ long, envVar }) => [long, envVar])).toEqual([
      ["--execution-provider", "NIGHTBEAM_EXECUTION_PROVIDER"],
      ["--most-waiting-tokens", "NIGHTBEAM_MOST_WAITING_TOKENS"],
    ]);
  });

  it("all come from flags or variables, and a wrong variable is named", async () => {
    const command = verifierCommand().exitOverride();
    const variables = command.options.map(({ envVar }) => envVar ?? "none");
    expect(variables.every((name) => /^NIGHTBEAM_[A-Z_]+$/.test(name))).toBe(true);
    expect(variables).toContain("NIGHTBEAM_NATS_URL");
    // A secret can be read from a file as well: its flag has no key of its own.
    const secrets = ["--redis-file", "--nats-file", "--cluster-key-file"];
    const current = command.options.filter(({ hidden, long }) => {
      return !hidden && !secrets.includes(long ?? "");
    });
    const keys = current.map((option) => option.attributeName()).sort();
    expect(keys).toEqual(Object.keys(verifierSchema.in.shape).sort());
    process.env.NIGHTBEAM_WORKERS = "many";
    try {
      const flags = ["--target", "t", "--catalogue", "c", "--scoring", "full"];
      await expect(verifierCommand().parseAsync(flags, { from: "user" })).rejects.toThrow(
        "NIGHTBEAM_WORKERS many: give a whole number of at least 1",
      );
      await expect(
        verifierCommand().parseAsync([...flags, "--workers", "few"], { from: "user" }),
      ).rejects.toThrow("--workers few:");
    } finally {
      delete process.env.NIGHTBEAM_WORKERS;
    }
  });
});

describe("the address that others dial", () => {
  const listen = { host: "127.0.0.1", port: 0 };

  it("is the address of --listen, or the one given", () => {
    expect(advertisedAddress({ listen, port: 4_000 })).toBe("127.0.0.1:4000");
    expect(advertisedAddress({ listen: { host: "::1", port: 0 }, port: 1 })).toBe("[::1]:1");
    const advertise = { host: "gpu-3", port: 80 };
    expect(advertisedAddress({ listen, port: 4_000, advertise })).toBe("gpu-3:80");
  });

  it("is an address of this machine if it listens on all interfaces", () => {
    for (const host of ["0.0.0.0", "::"]) {
      const address = advertisedAddress({ listen: { host, port: 0 }, port: 4_000 });
      expect(address).toMatch(/:4000$/);
      expect(address).not.toBe(formatHostPort({ host, port: 4_000 }));
    }
  });
});
