import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const SLEEPER = fileURLToPath(new URL("./support/sleeper.mjs", import.meta.url));

describe("a service's command", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  const start = (flags: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [SLEEPER, ...flags], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const said = { out: "", error: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.error += text;
    });
    const exit = once(child, "close").then(([code]: unknown[]) => code);
    const until = async (stream: "stdout" | "stderr", text: string) => {
      while (!(stream === "stdout" ? said.out : said.error).includes(text)) {
        const more = once(child[stream], "data").then(() => true);
        if (!(await Promise.race([more, exit.then(() => false)]))) throw new Error(said.error);
      }
    };
    return { child, said, exit, until };
  };

  it("prints when it is ready, drains at the first signal, and exits with its code even if a thread is stuck", async () => {
    const { child, said, exit, until } = start(["--exit-code", "3", "--stuck"], {
      NIGHTBEAM_DRAIN_MS: "50",
      NIGHTBEAM_START_MS: "",
    });
    await until("stdout", "\n");
    child.kill("SIGTERM");
    expect(await exit).toBe(3);
    expect(said.out).toBe("sleeper ready, to exit with 3\n");
    const lines = said.error
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { service: "sleeper", level: "info", msg: "starting" },
      { why: "SIGTERM", msg: "draining" },
    ]);
  });

  it("ends at once at the second signal, and before it has started", async () => {
    const draining = start(["--drain-ms", "60000"]);
    const starting = start(["--start-ms", "60000"]);
    await Promise.all([draining.until("stdout", "\n"), starting.until("stderr", "starting")]);
    draining.child.kill("SIGTERM");
    await draining.until("stderr", "draining");
    draining.child.kill("SIGINT");
    starting.child.kill("SIGTERM");
    expect(await Promise.all([draining.exit, starting.exit])).toEqual([130, 143]);
    expect(starting.said.out).toBe("");
  });

  it("ends if it does not stop in time", async () => {
    const { child, exit, said, until } = start(["--drain-ms", "60000"], { STOP_WITHIN_MS: "100" });
    await until("stdout", "\n");
    child.kill("SIGTERM");
    expect(await exit).toBe(1);
    expect(said.error).toContain("did not stop in time");
  });

  it("closes what is open when it fails to start, so that the process ends", async () => {
    const [broken, stuck, slow] = [
      start(["--broken"]),
      start(["--broken", "--stuck"]),
      start(["--start-ms", "60000", "--stuck"], { START_WITHIN_MS: "100" }),
    ];
    expect(await Promise.all([broken.exit, stuck.exit, slow.exit])).toEqual([1, 1, 1]);
    expect(broken.said.error).toContain("Error BROKEN: it is broken");
    expect(stuck.said.error).toContain("Error BROKEN: it is broken");
    expect(slow.said.error).toContain("UsageError NOT_READY: the sleeper did not start within");
    expect([broken.said.out, stuck.said.out, slow.said.out]).toEqual(["", "", ""]);
  });

  it("takes former names of flags, with a warning", async () => {
    const { child, exit, said, until } = start(["--status", "4"]);
    await until("stdout", "\n");
    child.kill("SIGTERM");
    expect(await exit).toBe(4);
    expect(said.error).toContain("--status is deprecated, use --exit-code");
  });

  it("names the flag or variable that is wrong", async () => {
    const attempts = [
      start(["--drain-ms", "soon"]),
      start([], { NIGHTBEAM_DRAIN_MS: "soon" }),
      start(["--log-format", "xml"]),
    ];
    expect(await Promise.all(attempts.map(({ exit }) => exit))).toEqual([1, 1, 1]);
    const said = attempts.map((attempt) => attempt.said.error);
    expect(said[0]).toBe(
      "UsageError BAD_OPTION: --drain-ms soon: give a whole number of at least 0\n",
    );
    expect(said[1]).toContain("NIGHTBEAM_DRAIN_MS soon: give");
    expect(said[2]).toContain("--log-format xml: give json or pretty");
  });
});
