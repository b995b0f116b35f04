import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { refusal, succeed } from "./support/command.js";
import { flagsOf, usersOf, useWorld, writeUsers } from "./support/worlds.js";

describe("nightbeam bench paper", () => {
  const world = useWorld({ users: 24 });

  async function flags(out: string) {
    const users = await usersOf(world());
    const heldOut = users.map(({ user, history }) => ({ user, history: history.slice(-1) }));
    const path = await writeUsers(world().path("held-out.jsonl"), heldOut);
    return [
      ...["bench", "paper", ...flagsOf(world()), "--held-out", path, "--out", world().path(out)],
      ...["--method", `own=${world().target}`, "DARE=retrieval", "both=transitions+previous"],
      ...["--beam-width", "1,3", "--draft-width", "6", "--limit", "6", "--repeat", "1"],
      ...["--top-k", "3", "--ranking-limit", "12", "--seeds", "2"],
      ...["--curve-beam-width", "3", "--curve-width", "2,4,6", "--curve-limit", "6"],
      ...["--workers", "1"],
    ];
  }

  it("compares all methods, keeps what it measured, and refuses other settings", async () => {
    const all = await flags("paper");
    const { stdout } = await succeed(...all);
    expect(await readFile(world().path("paper/paper.md"), "utf8")).toBe(stdout);
    expect(stdout).toContain("The lists of all 6 cells are those without drafts.");
    expect(stdout).toContain("In no cell does it need more calls.");
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
      "relaxed 1: plain search, the target alone, own",
      "relaxed 3: plain search, the target alone, own",
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

    const again = await succeed(...all);
    expect(again.stdout).toBe(stdout);
    expect(await refusal(...all, "--seeds", "3")).toMatch(
      /^error: --out .*paper holds a comparison with another seeds; give another directory/,
    );
  });

  it.each([
    [["--method", "SFT"], /--method SFT: write NAME=DRAFT/],
    [["--method", "a=retrieval", "a=transitions"], /name each row once/],
    [["--method", "a=candidates:"], /write candidates:PATH/],
  ])("refuses %j", async (more, message) => {
    const given = ["bench", "paper", ...flagsOf(world()), "--out", world().path("never"), ...more];
    expect(await refusal(...given)).toMatch(message);
  });

  it("says what data it needs", async () => {
    const given = ["bench", "paper", ...flagsOf(world()), "--out", world().path("never")];
    expect(await refusal(...given)).toContain("error: --data is required: a directory with");
  });
});
