import { readFile } from "node:fs/promises";
import { refusal } from "@nightbeam/testing/command";
import { flagsOf, usersOf, useWorld, writeUsers } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";
import { paperSchema } from "../src/paper/options.js";
import { runPaper } from "../src/paper/paper.js";
import { writePaper } from "../src/paper/write.js";

describe("nightbeam bench paper", () => {
  const world = useWorld({ users: 24 });

  async function options(out: string, more: object = {}) {
    const users = await usersOf(world());
    const last = users.map(({ user, history }) => ({ user, history: history.slice(-1) }));
    const heldOut = await writeUsers(world().path("held-out.jsonl"), last);
    const { target, catalogue, histories } = world();
    return paperSchema.parse({
      ...{ target, catalogue, histories, heldOut, out: world().path(out) },
      method: [`own=${target}`, "DARE=retrieval", "both=transitions+previous"],
      ...{ beamWidth: "1,3", draftWidth: "6", limit: "6", repeat: "1", workers: "1" },
      ...{ topK: "3", rankingLimit: "12", seeds: "2" },
      ...{ curveBeamWidth: "3", curveWidth: "2,4,6", curveLimit: "6" },
      ...more,
    });
  }

  it("compares all methods, keeps what it measured, and refuses other settings", async () => {
    const all = await options("paper");
    const silent = () => undefined;
    const { markdown } = await writePaper(await runPaper(all, silent), all.out);
    expect(await readFile(world().path("paper/paper.md"), "utf8")).toBe(markdown);
    expect(markdown).toContain("The lists of all 6 cells are those without drafts.");
    expect(markdown).toContain("In no cell does it need more calls.");
    expect(await readFile(world().path("paper/paper.svg"), "utf8")).toMatch(/^<svg.*<\/svg>\n$/s);
    const report = JSON.parse(await readFile(world().path("paper/paper.json"), "utf8"));
    const cells = report.timed.map(
      (cell: { verification: string; beamWidth: number; rows: { name: string }[] }) =>
        `${cell.verification} ${cell.beamWidth}: ${cell.rows.map(({ name }) => name).join(", ")}`,
    );
    const drafted = "own, DARE, both";
    expect(cells).toEqual([
      `strict 1: plain search, ${drafted}, ${drafted}`,
      `strict 3: plain search, ${drafted}, ${drafted}`,
      "relaxed 1: plain search, the target alone, own, DARE",
      "relaxed 3: plain search, the target alone, own, DARE",
      `sampled 1: plain search, the target alone, ${drafted}`,
      `sampled 3: plain search, the target alone, ${drafted}`,
    ]);
    // The target drafts for itself: all that is drafted is accepted.
    const own = report.timed[1].rows.find(({ name }: { name: string }) => name === "own");
    expect(own).toMatchObject({ callsPerUser: 1, firstCallAcceptedSteps: 2, sameLists: true });
    expect(report.curves.map(({ loop }: { loop: string }) => loop)).toEqual([
      "published",
      "demand",
    ]);
    // A width below K is no point of a curve.
    expect(
      report.curves[0].curves[0].points.map(({ draftWidth }: { draftWidth: number }) => draftWidth),
    ).toEqual([4, 6]);

    const again = await writePaper(await runPaper(all, silent), all.out);
    expect(again.markdown).toBe(markdown);
    await expect(runPaper(await options("paper", { seeds: "3" }), silent)).rejects.toThrow(
      /^--out .*paper holds a comparison with another seeds; give another directory/,
    );
  });

  it.each([
    [["SFT"], "write NAME=DRAFT"],
    [["a=retrieval", "a=transitions"], "name each row once"],
    [["a=candidates:"], "write candidates:PATH"],
  ])("refuses the methods %j", async (method, message) => {
    await expect(options("never", { method })).rejects.toThrow(message);
  });

  it("reports a missing option", async () => {
    const given = ["bench", "paper", ...flagsOf(world()), "--out", world().path("never")];
    expect(await refusal(...given)).toBe("error: --method is required\n");
    expect(await refusal(...given, "--method", "SFT")).toContain("error: --method SFT: write NAME");
    const data = await refusal(...given, "--method", "DARE=retrieval");
    expect(data).toContain("error: --data is required: a directory with");
  });
});
