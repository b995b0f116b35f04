import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterToken, readClusterFile, writeClusterFile } from "../../src/cluster/cluster-file.js";
import { findCluster } from "../../src/cluster/find-cluster.js";
import { clusterUpSchema } from "../../src/cluster/options.js";
import { identityOf, isAlive } from "../../src/cluster/process-identity.js";
import { type Machine, requireBinaries } from "../../src/cluster/programs/binaries.js";
import { ownCommand, readFirstLine } from "../../src/cluster/programs/own-command.js";
import { services } from "../../src/cluster/programs/services.js";
import { beginLog, logTail } from "../../src/cluster/supervision/log-files.js";
import { leaveDirectory, takeDirectory } from "../../src/cluster/takeover.js";
import { usageHint } from "../../src/cluster/usage-hint.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nightbeam-cluster-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const me = identityOf(process.pid) ?? { pid: 0, started: "" };
const file = {
  supervisor: me,
  scheduler: "http://127.0.0.1:7080",
  redis: "redis://127.0.0.1:1",
  namespace: "staging",
  nats: "nats://127.0.0.1:2",
  token: "secret",
  processes: [],
};

describe("process identity", () => {
  it("distinguishes a process from a later one with the same pid", () => {
    expect(isAlive(me)).toBe(true);
    expect(isAlive({ ...me, started: `${me.started}0` })).toBe(false);
    expect(identityOf(2 ** 22 + 1)).toBeUndefined();
  });
});

describe("the cluster's files", () => {
  it("make a token once", () => {
    const token = clusterToken(directory);
    expect(token).toMatch(/^[-\w]{32}$/);
    expect(clusterToken(directory)).toBe(token);
    expect(statSync(join(directory, "token")).mode & 0o777).toBe(0o600);
  });

  it("are found in the current directory, while the cluster lives", async () => {
    const kept = join(directory, ".nightbeam", "cluster");
    expect(findCluster(directory)).toBeUndefined();
    await takeDirectory(kept, () => undefined);
    writeClusterFile(kept, file);
    const { scheduler: url, token, nats, namespace } = file;
    expect(findCluster(directory)).toEqual({ url, token, nats, namespace });
    writeClusterFile(kept, { ...file, supervisor: { ...me, started: "never" } });
    expect(findCluster(directory)).toBeUndefined();
  });

  it("are refused if they are invalid", () => {
    writeFileSync(join(directory, "cluster.json"), "{}");
    expect(() => readClusterFile(directory)).toThrow(/is not a file of nightbeam cluster up/);
  });

  it("belong to one process", async () => {
    const say = () => undefined;
    await takeDirectory(directory, say);
    await expect(takeDirectory(directory, say)).rejects.toThrow(
      `process ${process.pid} keeps a cluster in ${directory} already`,
    );
    leaveDirectory(directory);
    // A lock of a process that has ended is free.
    writeFileSync(join(directory, "lock"), JSON.stringify({ ...me, started: "never" }));
    await takeDirectory(directory, say);
    leaveDirectory(directory);
  });
});

describe("logs", () => {
  it("are rotated, and show their last lines", () => {
    const log = join(directory, "drafter-1.log");
    expect(logTail(log, 2)).toBe("");
    beginLog(log);
    writeFileSync(log, "a\nb\nc\n");
    expect(logTail(log, 2)).toBe("b\nc");
    beginLog(log);
    expect(logTail(log, 2)).toBe("");
    expect(logTail(join(directory, "drafter-1.previous.log"), 9)).toBe("a\nb\nc");
  });
});

describe("own command", () => {
  it("has the flags of the first line of bin/nightbeam.js", () => {
    expect(readFirstLine("#!/usr/bin/env -S A=1 B_=2 node --flag --other")).toEqual({
      env: { A: "1", B_: "2" },
      flags: ["--flag", "--other"],
    });
    const { args, env } = ownCommand();
    expect(args[0]).toBe("--single-threaded-gc");
    expect(Object.keys(env)).toEqual(["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]);
  });
});

describe("services", () => {
  const options = clusterUpSchema.parse({ target: "t", catalogue: "c", drafters: "1" });
  const all = (env: NodeJS.ProcessEnv) =>
    services({
      options,
      directory,
      own: { command: "node", args: ["bin"], env: {} },
      redis: "redis://127.0.0.1:1",
      nats: "nats://127.0.0.1:2",
      token: "secret",
      env,
    });

  it("are stopped drafters first, and show no secret in a list of processes", () => {
    const groups = all({});
    expect(groups.map((group) => group.map(({ name }) => name))).toEqual([
      ["scheduler"],
      ["verifier-1", "verifier-2"],
      ["drafter-1"],
    ]);
    for (const { args, env } of groups.flat()) {
      expect(args.join(" ")).not.toContain("secret");
      expect(env.NIGHTBEAM_TOKEN).toBe("secret");
    }
  });

  it("take settings from the shell, but nothing that several processes would share", () => {
    const [, [verifier] = []] = all({ NIGHTBEAM_TOKEN_BUDGET: "8", NIGHTBEAM_NAME: "mine" });
    expect(verifier?.env).toMatchObject({ NIGHTBEAM_TOKEN_BUDGET: "8" });
    expect(verifier?.env).not.toHaveProperty("NIGHTBEAM_NAME");
  });
});

describe("binaries", () => {
  const machine = (found: string[], canInstall = false): Machine => ({
    find: (name) => (found.includes(name) ? `/bin/${name}` : undefined),
    canInstall,
    install: (names) => found.push(...names) > 0,
  });
  const both = ["redis-server", "nats-server"] as const;
  const said: string[] = [];
  const say = (line: string) => said.push(line);

  it("are named with the command that installs them", () => {
    expect(() =>
      requireBinaries(both, { install: true, say, machine: machine(["redis-server"]) }),
    ).toThrow(
      "nats-server is not installed. On Debian and Ubuntu: sudo apt-get install -y nats-server.",
    );
    expect(() =>
      requireBinaries(both, { install: false, say, machine: machine([], true) }),
    ).toThrow("redis-server and nats-server are not installed");
    expect(said).toEqual([]);
  });

  it("are installed after a message, if that is possible", () => {
    const found = requireBinaries(both, { install: true, say, machine: machine([], true) });
    expect([...found.values()]).toEqual(["/bin/redis-server", "/bin/nats-server"]);
    expect(said).toEqual([
      "redis-server and nats-server are not installed; running apt-get install -y redis-server nats-server (disable with --no-install)",
    ]);
  });
});

describe("what to type next", () => {
  const scheduler = "http://127.0.0.1:7080";

  it("needs no address if clients find the cluster by themselves", () => {
    const options = clusterUpSchema.parse({ target: "my models/t", catalogue: "c.json" });
    const hint = usageHint(options, { scheduler, env: {} });
    expect(hint).toContain("--target 'my models/t' --catalogue c.json");
    expect(hint).not.toContain("--scheduler");
  });

  it("otherwise names the address and the token's file, and how the target is scored", () => {
    const given = { target: "t", catalogue: "c", directory: "elsewhere", precision: "int8" };
    const hint = usageHint(clusterUpSchema.parse(given), {
      scheduler,
      env: { npm_command: "exec" },
    });
    expect(hint).toContain(`--scheduler ${scheduler} --token-file elsewhere/token`);
    expect(hint).toContain("--precision int8");
    expect(hint).toContain("  npx nightbeam submit ");
  });
});
