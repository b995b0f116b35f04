import { describe, expect, it } from "vitest";
import { draftAt, parseDraftName } from "../src/draft-name.js";

describe("a draft's name", () => {
  it.each([
    ["transitions", { kind: "transitions" }],
    ["retrieval", { kind: "retrieval" }],
    ["previous:runs/1", { kind: "previous", path: "runs/1" }],
    ["candidates:/a:b.jsonl", { kind: "candidates", path: "/a:b.jsonl" }],
    ["models/draft", { kind: "checkpoint", path: "models/draft" }],
    ["./retrieval", { kind: "checkpoint", path: "./retrieval" }],
    ["rollout:beauty", { kind: "checkpoint", path: "rollout:beauty" }],
    ["previously", { kind: "checkpoint", path: "previously" }],
  ])("%s is read", (text, name) => {
    expect(parseDraftName(text)).toEqual(name);
  });

  it.each([
    [
      "previous",
      "`draft` previous: write previous:PATH, where PATH is the directory of a finished",
    ],
    ["candidates:", "`draft` candidates:: write candidates:PATH, where PATH is a file of lists"],
    [
      "previous:s3://b/run",
      "`draft` previous:s3://b/run: lists are only read from directories and files",
    ],
  ])("%s is refused", (text, message) => {
    const refusal = expect.objectContaining({ name: "SettingsError", code: "BAD_DRAFT" });
    expect(() => parseDraftName(text)).toThrow(message);
    expect(() => parseDraftName(text)).toThrow(refusal);
  });

  it("keeps its kind when its path is replaced", () => {
    const place = (path: string) => `/home/${path}`;
    const names = ["transitions", "retrieval", "previous:a", "candidates:b.jsonl", "c"];
    expect(names.map((name) => draftAt(name, place))).toEqual([
      "transitions",
      "retrieval",
      "previous:/home/a",
      "candidates:/home/b.jsonl",
      "/home/c",
    ]);
  });
});
