import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "@nightbeam/testing";
import { describeWithNats, redisIsHere, testPython } from "@nightbeam/testing/servers";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const examples = fileURLToPath(new URL("..", import.meta.url));
const nightbeam = join(examples, "..", "services", "cli", "bin", "nightbeam.js");
const python = process.env.NIGHTBEAM_PYTHON ?? "";

/** What a cluster says about itself in its directory. */
interface ClusterFile {
  readonly scheduler?: string;
  readonly token: string;
  readonly processes: readonly { readonly name: string; readonly address?: string }[];
}

describeWithNats("the examples of a cluster", () => {
  describe.skipIf(!redisIsHere())("of one verifier and one drafter", () => {
    let directory = "";
    let world: World;
    let cluster: ChildProcess;
    let file: ClusterFile;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "nightbeam-examples-"));
      const size = { items: 120, sharedPaths: 8, users: 30, levels: 3, codesPerLevel: 10 };
      const model = { layers: 2, width: 16, heads: 2, maxItems: 5 };
      world = await writeWorld({ directory: join(directory, "world"), ...size, ...model });
      const place = join(directory, "cluster");
      const flags = ["--target", world.target, "--catalogue", world.catalogue];
      const nodes = ["--verifiers", "1", "--drafters", "1", "--scheduler-port", "0"];
      const more = ["--directory", place, "--scoring", "renormalized", "--no-install"];
      const args = [nightbeam, "cluster", "up", ...flags, ...nodes, ...more];
      cluster = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      let isReady = false;
      cluster.stdout?.on("data", () => {
        isReady = true;
      });
      await until("the cluster is ready", () => isReady, 110_000);
      file = JSON.parse(await readFile(join(place, "cluster.json"), "utf8"));
    }, 120_000);

    afterAll(async () => {
      const ended = new Promise((resolve) => cluster.once("exit", resolve));
      cluster.kill("SIGTERM");
      await ended;
      await rm(directory, { recursive: true, force: true });
    }, 60_000);

    it("night-over-http submits a run and finds its files", async () => {
      const { target, catalogue, histories } = world;
      const out = join(directory, "night");
      const request = { target, catalogue, histories, out, scoring: "renormalized", partSize: 10 };
      const path = join(directory, "request.json");
      await writeFile(path, JSON.stringify(request));
      const variables = { NIGHTBEAM_SCHEDULER_URL: file.scheduler, NIGHTBEAM_TOKEN: file.token };
      const env = { ...process.env, ...variables };
      const night = join(examples, "night-over-http.mjs");
      const { stdout } = await promisify(execFile)(process.execPath, [night, path], { env });
      const [summary, ...files] = stdout.trim().split("\n");
      expect(summary).toBe("30 users in 3 files");
      expect(files.every((one) => existsSync(one))).toBe(true);
      await writeFile(path, JSON.stringify({ ...request, topK: 0 }));
      await expect(promisify(execFile)(process.execPath, [night, path], { env })).rejects.toThrow(
        "BAD_REQUEST: `topK`: give a whole number of at least 1",
      );
    }, 120_000);

    it.skipIf(python === "off")(
      "verifier_client.py is answered",
      async (context) => {
        const interpreter = await testPython();
        if (interpreter === undefined) return context.skip("Python cannot have grpcio here");
        const { address = "" } =
          file.processes.find(({ name }) => name.startsWith("verifier")) ?? {};
        const client = join(examples, "verifier_client.py");
        const { stdout } = await promisify(execFile)(interpreter, [
          client,
          address,
          "1",
          "4",
          "14",
        ]);
        const all = stdout.trim().split("\n").map(Number);
        expect(all.length).toBeGreaterThan(1);
        // Renormalised: the catalogue's codes share the whole probability.
        expect(all.reduce((sum, logProb) => sum + Math.exp(logProb), 0)).toBeCloseTo(1, 5);
      },
      240_000,
    );
  });
});
