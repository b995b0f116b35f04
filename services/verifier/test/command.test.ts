import { once } from "node:events";
import { createServer } from "node:net";
import { staticVerifiers } from "@nightbeam/control";
import { describe, expect, it } from "vitest";
import { useCommand } from "./support/command.js";
import { clientOf, job } from "./support/verifiers.js";
import { logProbsOf, useVerifierWorld } from "./support/worlds.js";

describe("nightbeam verifier", () => {
  const world = useVerifierWorld();
  const start = useCommand();
  const flags = () => ["--target", world().target, "--listen", "127.0.0.1:0", "--workers", "1"];

  it("prints when it is ready, answers, and exits with 0 when it is asked to stop", async () => {
    const { child, output, exit, line } = start(flags(), {
      NIGHTBEAM_CATALOGUE: world().catalogue,
      NIGHTBEAM_LOG_FORMAT: "json",
      NIGHTBEAM_NAME: "",
      NIGHTBEAM_HEALTH_LISTEN: "127.0.0.1:0",
    });
    const address = /^verifier ready on (127\.0\.0\.1:\d+)$/.exec(await line())?.[1] ?? "";
    const client = clientOf(world(), staticVerifiers([address]));
    const { first } = world().questions(0, 4);
    const answers = await client.scorer(job()).score(first);
    expect(logProbsOf(answers)).toEqual(await Promise.all(first.map(world().alone)));
    await client.close();
    const health = /"url":"(http:[^"]+)"/.exec(output.error)?.[1];
    const statusOf = async (path: string) => (await fetch(`${health}${path}`)).status;
    expect([await statusOf("/healthz"), await statusOf("/readyz")]).toEqual([200, 200]);
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
    const messages = output.error
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text).msg);
    expect(messages.at(-1)).toBe("verifier has stopped");
    expect(output.out.trim().split("\n")).toHaveLength(1);
  });

  it("stops at once if it is asked to before it serves", async () => {
    const { child, exit } = start([...flags(), "--catalogue", world().catalogue]);
    if (child.stderr === null) throw new Error("standard error is piped");
    // Its first line says that it begins to load.
    await once(child.stderr, "data");
    child.kill("SIGTERM");
    expect(await exit).toBe(143);
  });

  it("stops at once at the second signal", async () => {
    const { child, exit, line } = start([...flags(), "--catalogue", world().catalogue]);
    const address = /[\d.]+:\d+$/.exec(await line())?.[0] ?? "";
    // An open connection keeps the server from closing.
    const client = clientOf(world(), staticVerifiers([address]));
    await client.scorer(job()).score(world().questions(0, 1).first);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    expect([130, 143]).toContain(await exit);
    await client.close();
  });

  it("reports what is wrong with its options or files, and exits with 1", async () => {
    const attempts = [
      start([...flags(), "--catalogue", "/nowhere/items.json"]),
      start([...flags(), "--catalogue", world().catalogue], { NIGHTBEAM_GRACE_MS: "soon" }),
      start([...flags(), "--catalogue", world().catalogue, "--nats", "http://x"]),
    ];
    expect(await Promise.all(attempts.map(({ exit }) => exit))).toEqual([1, 1, 1]);
    const said = attempts.map(({ output }) => output.error.trim().split("\n").at(-1));
    expect(said[0]).toContain("/nowhere/items.json does not exist");
    expect(said[1]).toBe("error: NIGHTBEAM_GRACE_MS soon: give a whole number of at least 0");
    expect(said[2]).toMatch(/^error: --nats: .*nats:\/\/host:4222/);
  });

  it("exits if its port is taken: nothing stays open", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const rest = ["--catalogue", world().catalogue, "--workers", "1"];
    const { exit, output } = start([
      ...["--target", world().target, "--listen", `127.0.0.1:${port}`],
      ...rest,
    ]);
    expect(await exit).toBe(1);
    other.close();
    expect(output.error).toMatch(/cannot listen on 127\.0\.0\.1:\d+: .*Use another host or port/);
  });
});
