import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "@nightbeam/service";
import { nightbeam, refusal } from "@nightbeam/testing/command";
import { listsIn } from "@nightbeam/testing/recommend";
import { flagsOf, useWorld } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";
import { explain } from "../src/errors.js";

const world = useWorld({ users: 2 });

describe("recommend", () => {
  it("prints an expected error in one line, without a stack, with exit code 1", async () => {
    const flags = [...flagsOf(world()), "--out", world().path("out")];
    expect(await refusal("recommend", ...flags, "--top-k", "ten")).toBe(
      "error: --top-k ten: give a whole number of at least 1\n",
    );
    expect(await refusal("recommend", ...flags.slice(2))).toBe("error: --target is required\n");
    const missing = world().path("nowhere.jsonl");
    expect(await refusal("recommend", ...flags, "--histories", missing)).toBe(
      `error: ${missing} does not exist. Check the path.\n`,
    );
  });

  const none = () => world().path("none");
  it.each([
    ["--target", { target: none }, /none does not exist; give a directory as save_pretrained/],
    ["--draft", { draft: none }, /none does not exist; give a directory as save_pretrained/],
    ["--catalogue", { catalogue: none }, /none does not exist\. Check the path\.$/],
    ["--allow", { allow: none }, /none does not exist\. Check the path\.$/],
    ["--block", { block: none }, /none does not exist\. Check the path\.$/],
  ])("names the path of a missing %s and what to do", async (_flag, missing, message) => {
    const flags = Object.entries(missing).map(([key, path]) => [key, path()]);
    const run = listsIn(world(), { out: "never", ...Object.fromEntries(flags) });
    await expect(run).rejects.toThrow(message);
  });

  it("does not touch a directory that is not a run", async () => {
    await mkdir(world().path("mine"));
    await writeFile(join(world().path("mine"), "letter.txt"), "mine");
    await expect(listsIn(world(), { out: "mine" })).rejects.toThrow(
      /mine holds other files \(letter\.txt\) and no run\. Name an empty directory/,
    );
  });

  it("refuses widths that do not fit the catalogue, before it loads a model", async () => {
    const flags = { out: "never", target: none(), draft: none(), draftWidth: "9,9,9" };
    await expect(listsIn(world(), flags)).rejects.toThrow(
      "`draftWidth` 9,9,9: give one width, or 2 for this catalogue of 3 levels",
    );
  });
});

describe("the command", () => {
  it("shows its help if no command is given, and a hint for wrong ones", async () => {
    const bare = await nightbeam();
    expect(bare.code).toBe(1);
    expect(bare.stderr).toContain("Usage: nightbeam [options] [command]");
    const help = await nightbeam("recommend", "--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("--exclude-seen");
    const wrong = await nightbeam("recommend", "--topk", "5");
    expect(wrong).toMatchObject({
      code: 1,
      stdout: "",
      stderr:
        "error: unknown option '--topk'\n(Did you mean --top-k?)\n(run nightbeam <command> --help for details)\n",
    });
  });
});

describe("explain", () => {
  it("shows the stack of what should not have happened, and only of that", () => {
    const unexpected = explain(new TypeError("x is not a function"));
    expect(unexpected).toMatch(/^error: this is a bug; please report it/);
    expect(unexpected).toMatch(/TypeError: x is not a function\n\s+at /);
    expect(explain("text")).toMatch(/report it with the following text\ntext$/);
    expect(explain(new UsageError("BAD_OPTION", "--top-k is odd"))).toBe("error: --top-k is odd");
  });
});
