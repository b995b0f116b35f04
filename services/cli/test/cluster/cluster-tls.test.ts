import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { opensslIsHere } from "@nightbeam/testing/servers";
import { useWorld } from "@nightbeam/testing/world";
import { afterAll, describe, expect, it } from "vitest";
import { readClusterFile } from "../../src/cluster/cluster-file.js";
import { commandIn, RunningCommand, serversAreHere } from "./support/cluster-command.js";

const world = useWorld({ users: 8 });
const here = () => world().path("cluster");
let cluster: RunningCommand | undefined;

describe.skipIf(!serversAreHere() || !opensslIsHere)("nightbeam cluster up --tls", () => {
  afterAll(async () => {
    cluster?.child.kill("SIGTERM");
    await cluster?.ending;
  }, 60_000);

  it("encrypts all connections, and the other commands find its certificates", async () => {
    const { target, draft, catalogue, histories } = world();
    await mkdir(here(), { recursive: true });
    const models = ["--target", target, "--catalogue", catalogue];
    const up = [
      ...["cluster", "up", ...models, "--tls", "certs", "--verifiers", "1", "--drafters", "1"],
      ...["--scheduler-port", "0", "--workers-per-verifier", "1", "--no-install"],
    ];
    const refused = await commandIn(here(), ...up);
    expect(refused.output).toContain("has no certificates. Make them with `nightbeam certs certs`");
    const made = await commandIn(here(), "certs", "certs");
    expect(made.output).toContain("Made an authority and certificates for localhost, 127.0.0.1");
    cluster = new RunningCommand(here(), up);
    await cluster.says(/^The cluster is up\./m, 60_000);
    const file = readClusterFile(join(here(), ".nightbeam", "cluster"));
    expect([file?.redis, file?.nats, file?.scheduler].map((url) => url?.split("://")[0])).toEqual([
      "rediss",
      "tls",
      "https",
    ]);
    const submitted = await commandIn(
      here(),
      ...["submit", ...models, "--draft", draft, "--histories", histories, "--out", "lists"],
    );
    const [, runId = ""] = /^run (\S+): 8 users/m.exec(submitted.output) ?? [];
    expect(runId, submitted.output).not.toBe("");
    const followed = await commandIn(here(), "status", runId, "--follow");
    expect(followed.code, followed.output).toBe(0);
    const drained = await commandIn(here(), "nodes", "drain", "verifier-1");
    expect(drained.output).toBe("asked verifier-1 to finish its work and exit\n");
  }, 120_000);
});
