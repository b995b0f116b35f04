import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recommendFields } from "@nightbeam/settings";
import type { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { recommendCommand } from "../src/commands/recommend.js";
import { submitCommand } from "../src/commands/submit.js";
import { recommendOptions } from "../src/recommend/options.js";

const NEEDED = { target: "t", catalogue: "c", histories: "h", out: "o" };
const directory = mkdtempSync(join(tmpdir(), "nightbeam-options-"));
afterAll(() => rmSync(directory, { recursive: true }));

function config(content: unknown): string {
  const path = join(directory, "config.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("recommendOptions", () => {
  it("fills in the defaults", async () => {
    expect(await recommendOptions(NEEDED)).toEqual({
      ...NEEDED,
      draft: [],
      topK: 10,
      beamWidth: 20,
      scoring: "full",
      verification: "strict",
      draftWidth: "auto",
      excludeSeen: false,
      unknownItems: "skip",
      duplicateUsers: "last",
      format: "parquet",
      layout: "nested",
      precision: "fp32",
      batchSize: 32,
      partSize: 4096,
      sampleSearches: 8,
      answers: "keep",
      device: { kind: "cpu" },
    });
  });

  it("reads typed values", async () => {
    const flags = { topK: "5", draft: ["d", "transitions"], draftWidth: "60,40,30", limit: "7" };
    const proposed = { candidates: "c.jsonl", acceptAbove: "-9.5" };
    const typed = { ...NEEDED, ...flags, ...proposed, promptCache: "0.5" };
    expect(await recommendOptions(typed)).toMatchObject({
      candidates: "c.jsonl",
      acceptAbove: -9.5,
      topK: 5,
      draft: ["d", "transitions"],
      draftWidth: [60, 40, 30],
      limit: 7,
      promptCache: 0.5,
    });
  });

  it("reads several histories and the names of their columns", async () => {
    const one = await recommendOptions({
      ...NEEDED,
      histories: ["a"],
      columns: "user=u, item=i d",
    });
    expect(one).toMatchObject({ histories: "a", columns: { user: "u", item: "i d" } });
    expect(await recommendOptions({ ...NEEDED, histories: ["a", "b"] })).toMatchObject({
      histories: ["a", "b"],
    });
  });

  it("widens the beam for long lists, and refuses a beam that is too narrow", async () => {
    expect((await recommendOptions({ ...NEEDED, topK: "50" })).beamWidth).toBe(50);
    await expect(recommendOptions({ ...NEEDED, topK: "50", beamWidth: "20" })).rejects.toThrow(
      "--beam-width 20 is less than --top-k 50",
    );
  });

  it("keeps no more beams than are drawn", async () => {
    const options = await recommendOptions({ ...NEEDED, verification: "sampled", seed: "7" });
    expect(options).toMatchObject({ topK: 10, beamWidth: 10, seed: 7 });
  });

  it.each([
    [{ topK: "x" }, "--top-k x: give a whole number of at least 1"],
    [{ topK: "0" }, "--top-k 0: give a whole number of at least 1"],
    [{ topK: "2.5" }, "--top-k 2.5: give a whole number of at least 1"],
    [{ batchSize: "" }, "--batch-size : give a whole number of at least 1"],
    [{ columns: "user" }, "--columns user: give names for user, history, item or time"],
    [{ columns: "users=u" }, "--columns users=u: give names for user, history, item or time"],
    [{ columns: "user=" }, "--columns user=: give a text"],
    [{ unknownItems: "drop" }, "--unknown-items drop: give skip or reject"],
    [{ duplicateUsers: "all" }, "--duplicate-users all: give last, first, reject or keep"],
    [{ promptCache: "-1" }, "--prompt-cache -1: give a number of GiB, or 0 for none"],
    [{ device: "gpu" }, "--device gpu: give cpu, cuda, cuda:N for one of several GPUs, or webgpu"],
    [{ scoring: "half" }, "--scoring half: give full or renormalized"],
    [{ format: "csv" }, "--format csv: give parquet or jsonl"],
    [{ draft: "d", draftWidth: "wide" }, "--draft-width wide: give auto, one width, or one for"],
    [{ draft: "d", draftWidth: "4,,2" }, "--draft-width 4,,2: give auto"],
    [{ draftWidth: "40" }, "--draft-width needs a --draft to draft with"],
    [{ verification: "lax" }, "--verification lax: give strict, sampled or relaxed"],
    [{ seed: "1" }, "--seed needs --verification sampled or relaxed: strict lists are not drawn"],
    [{ temperature: "1" }, "--temperature needs --verification sampled"],
    [{ verification: "sampled", drafted: "beam" }, "--drafted needs --verification relaxed"],
    [{ verification: "relaxed", drafted: "best" }, "--drafted best: give sampled or beam"],
    [{ verification: "relaxed", draft: "d" }, "relaxed needs a --draft-width in numbers"],
    [{ verification: "relaxed", draft: ["d", "e"], draftWidth: "9" }, "relaxed takes one --draft"],
    [{ verification: "relaxed", teacherLog: "t" }, "--teacher-log needs --verification strict"],
    [{ verification: "sampled", seed: "-1" }, "--seed -1: give a whole number of at least 0"],
    [{ verification: "sampled", temperature: "0" }, "--temperature 0: give a number above 0"],
    [{ verification: "sampled", temperature: "Infinity" }, "--temperature Infinity: give a number"],
    [
      { candidates: "c" },
      "--candidates needs --accept-above: the log-likelihood in nats, such as -9",
    ],
    [{ acceptAbove: "-9" }, "--accept-above needs --candidates"],
    [{ candidates: "c", acceptAbove: "0" }, "--accept-above 0: give a number of nats below 0"],
    [{ candidates: "c", acceptAbove: "-Infinity" }, "--accept-above -Infinity: give a number of"],
    [{ candidates: "c", acceptAbove: "" }, "--accept-above : give a number of nats"],
    [
      { candidates: "c", acceptAbove: "-9", verification: "sampled" },
      "--candidates needs --verification strict: a sampled list is drawn",
    ],
    [
      { candidates: "c", acceptAbove: "-9", teacherLog: "t" },
      "--teacher-log does not work with --candidates",
    ],
    [
      { candidates: "c", acceptAbove: "-9", acceptNewAbove: "-20" },
      "--accept-new-above needs --trained-on, the histories that the target was trained on",
    ],
    [{ candidatesPerLevel: "8" }, "--candidates-per-level needs --candidates"],
    [{ teacherSample: "0.1" }, "--teacher-sample needs a --teacher-log to write to"],
    [{ teacherLog: "t", teacherSample: "0" }, "--teacher-sample 0: give a number above 0 and up"],
    [{ teacherLog: "t", teacherSample: "1.1" }, "--teacher-sample 1.1: give a number above 0"],
    [{ teacherLog: "t", teacherSample: "few" }, "--teacher-sample few: give a number above 0"],
    [{ target: undefined }, "--target is required"],
    [{ out: undefined }, "--out is required"],
    [{ target: undefined, out: undefined }, "--target and --out are required"],
  ])("names the flag: %j", async (flags, message) => {
    await expect(recommendOptions({ ...NEEDED, ...flags })).rejects.toThrow(message);
  });

  it("logs a twentieth of the users for a teacher log that names no share", async () => {
    const options = await recommendOptions({ ...NEEDED, teacherLog: "t" });
    expect(options).toMatchObject({ teacherLog: "t", teacherSample: 0.05 });
    expect(
      await recommendOptions({ ...NEEDED, teacherLog: "t", teacherSample: "1" }),
    ).toMatchObject({ teacherSample: 1 });
  });

  it("takes the same keys from a config file, flags first", async () => {
    const file = { ...NEEDED, topK: 3, draft: "d", draftWidth: [9, 5], excludeSeen: true };
    const options = await recommendOptions({ config: config(file), topK: "4", out: "other" });
    expect(options).toMatchObject({ ...file, draft: ["d"], topK: 4, out: "other" });
    expect(options).not.toHaveProperty("config");
  });

  it.each([
    [{ topK: true }, "--top-k true: give a whole number"],
    [{ topK: [3] }, "--top-k [3]: give a whole number"],
    [{ excludeSeen: "yes" }, "--exclude-seen yes: give true or false"],
    [{ draft: 3 }, "--draft 3: give one name or several"],
    [{ top_k: 3 }, 'has the unknown key "top_k"; keys are target, draft,'],
    [[1], "is not a JSON object of options"],
    ["{", "is not JSON: "],
  ])("refuses an invalid config file: %j", async (content, message) => {
    await expect(recommendOptions({ ...NEEDED, config: config(content) })).rejects.toThrow(message);
  });

  it("names a config file that does not exist", async () => {
    const path = join(directory, "none.json");
    await expect(recommendOptions({ config: path })).rejects.toThrow(
      `--config ${path} cannot be read: ENOENT`,
    );
  });
});

describe("the help", () => {
  it.each([
    ["recommend", recommendCommand, ["target", "catalogue", "histories", "out"]],
    ["submit", submitCommand, ["target", "catalogue", "histories", "out"]],
  ])("of %s marks what is required", (_, load, keys) => {
    const marked = load().options.filter(({ description }) => description.endsWith("(required)"));
    expect(marked.map((option) => option.attributeName())).toEqual(keys);
  });
});

describe("every flag has its key, and every key its flag", () => {
  const keysOf = (command: Command) => command.options.map((option) => option.attributeName());

  it("of recommend", () => {
    const keys = Object.keys(recommendFields.shape);
    expect(keysOf(recommendCommand()).toSorted()).toEqual([...keys, "config", "json"].toSorted());
  });
});
