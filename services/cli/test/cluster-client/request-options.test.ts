import { resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { requestOf, withRequest } from "../../src/cluster-client/request-options.js";

const NEEDED = ["--target", "/t", "--catalogue", "/c", "--histories", "/h", "--out", "/o"];

function typed(...more: string[]) {
  const command = withRequest(new Command()).exitOverride();
  return requestOf(command.parse([...NEEDED, ...more], { from: "user" }).opts());
}

describe("a request from flags", () => {
  it("leaves defaults to the scheduler", () => {
    const places = { target: "/t", catalogue: "/c", histories: "/h", out: "/o" };
    const usual = { draft: [], draftWidth: "auto", excludeSeen: false };
    expect(typed()).toEqual({ ...places, ...usual });
  });

  it("has absolute paths of several histories, and how they are read", () => {
    const reading = [
      "--columns",
      "user=u",
      "--unknown-items",
      "reject",
      "--duplicate-users",
      "first",
    ];
    expect(typed("--histories", "a", "/b/*.csv", ...reading)).toMatchObject({
      histories: ["/h", resolve("a"), "/b/*.csv"],
      columns: { user: "u" },
      unknownItems: "reject",
      duplicateUsers: "first",
    });
  });

  it("has the settings of drawn lists", () => {
    expect(typed("--verification", "sampled", "--seed", "7", "--temperature", "0.7")).toMatchObject(
      { verification: "sampled", seed: 7, temperature: 0.7 },
    );
    const drafting = ["--draft", "rollout:beauty", "--draft-width", "40", "--drafted", "beam"];
    expect(typed("--verification", "relaxed", ...drafting)).toMatchObject({
      ...{ verification: "relaxed", drafted: "beam" },
      ...{ draft: ["rollout:beauty"], draftWidth: [40] },
    });
  });

  it.each([
    [["--seed", "7"], "--seed needs --verification sampled or relaxed"],
    [["--verification", "relaxed", "--draft", "/d"], "relaxed needs a --draft-width in numbers"],
    [
      ["--verification", "relaxed", "--draft", "previous:/p"],
      "cannot draw from --draft previous:/p",
    ],
    [["--verification", "relaxed", "--draft", "/d", "/e"], "relaxed takes one --draft"],
  ])("is refused as on one machine, without asking a scheduler: %j", (flags, message) => {
    expect(() => typed(...flags)).toThrow(message);
  });
});
