import { describe, expect, it } from "vitest";
import {
  DEFAULTS,
  parseRecommendSettings,
  parseRunRequest,
  plannedArguments,
  programNamed,
  recommendFields,
  requestFields,
  SettingsError,
} from "../src/index.js";

const PLACES = { target: "/t", catalogue: "/c", histories: "/h", out: "/o" };

function issuesOf(parse: (value: unknown) => unknown, settings: Record<string, unknown>) {
  try {
    parse({ ...PLACES, ...settings });
  } catch (error) {
    if (error instanceof SettingsError)
      return error.issues.map(({ path, message }) => [path, message]);
  }
  throw new Error("the settings are accepted");
}

describe("settings of one machine and of a cluster", () => {
  it("have the same defaults except for the size of a part", () => {
    const one = parseRecommendSettings(PLACES);
    const { partSize, ...request } = parseRunRequest(PLACES);
    expect(one).toMatchObject(request);
    expect([one.partSize, partSize]).toEqual([DEFAULTS.partSize, DEFAULTS.clusterPartSize]);
  });

  it("have the same keys except for what only one machine can do", () => {
    const machine = ["workers", "promptCache"];
    const teacher = ["teacherLog", "teacherSample"];
    expect(Object.keys(recommendFields.shape)).toEqual([
      ...Object.keys(requestFields.shape),
      ...machine,
      ...teacher,
    ]);
  });

  it.each([
    { topK: 30, beamWidth: 20 },
    { draftWidth: [4] },
    { seed: 7 },
    { search: "fast" },
    { search: "drafted" },
    { search: "whole", verification: "sampled" },
    { verification: "sampled", drafted: "beam" },
    { verification: "relaxed", draft: ["d", "e"], draftWidth: [40] },
    { verification: "relaxed", draft: ["previous:"], draftWidth: [40] },
    { scoring: "half", topK: 0 },
    { draft: ["d", 5] },
    { colour: "red" },
  ])("refuse with the same words: %j", (settings) => {
    const issues = issuesOf(parseRecommendSettings, settings);
    expect(issues).toEqual(issuesOf(parseRunRequest, settings));
  });
});

describe("how histories are read", () => {
  it("is planned as it decides the lists, and not at all as it was before it was a setting", () => {
    const { device: _, ...settings } = parseRecommendSettings(PLACES);
    const before = { ...settings, unknownItems: "reject", duplicateUsers: "keep" } as const;
    const usual = { unknownItems: "skip", duplicateUsers: "last" };
    expect(plannedArguments(settings)).toEqual({ ...plannedArguments(before), ...usual });
    const columns = { user: "u" };
    expect(plannedArguments({ ...settings, columns })).toMatchObject({ columns });
    expect(plannedArguments(parseRunRequest(PLACES))).toEqual(plannedArguments(settings));
  });
});

describe("the device", () => {
  it("is read from its name, with the number of a GPU", () => {
    const device = (name?: string) =>
      parseRecommendSettings({ ...PLACES, ...(name === undefined ? {} : { device: name }) }).device;
    expect(device()).toEqual({ kind: "cpu" });
    expect(device("webgpu")).toEqual({ kind: "webgpu" });
    expect(device("cuda")).toEqual({ kind: "cuda", index: 0 });
    expect(device(" cuda:12 ")).toEqual({ kind: "cuda", index: 12 });
    for (const wrong of ["", "gpu", "cuda:", "cuda:x", "cpu:0", "CUDA"]) {
      expect(() => device(wrong)).toThrow("give cpu, cuda, cuda:N");
    }
  });

  it("is planned by its kind, and not at all for CPUs, as before there were others", () => {
    const { device: _, ...settings } = parseRecommendSettings(PLACES);
    const onCpu = plannedArguments(settings);
    expect(Object.keys(onCpu)).not.toContain("device");
    expect(plannedArguments({ ...settings, device: "cpu" })).toEqual(onCpu);
    const onCuda = { ...onCpu, device: "cuda", tf32: false };
    expect(plannedArguments({ ...settings, device: "cuda" })).toEqual(onCuda);
    const request = parseRunRequest({ ...PLACES, device: "cuda" });
    expect(plannedArguments(request)).toEqual(onCuda);
  });
});

describe("a beam width per level", () => {
  it("is planned, and one width if all are equal", () => {
    const planned = (beamWidth: unknown) =>
      plannedArguments(parseRunRequest({ ...PLACES, beamWidth })).beamWidth;
    expect(planned([40, 20, 20])).toEqual([40, 20, 20]);
    expect(planned([20, 20, 20])).toBe(20);
    const request = parseRunRequest({ ...PLACES, beamWidth: [40, 20, 20] });
    expect(parseRunRequest(request)).toEqual(request);
  });

  it.each([
    [{ beamWidth: [40, 5] }, "`beamWidth` 5 is less than `topK` 10"],
    [{ beamWidth: [40, 20], verification: "sampled" }, "needs `verification` strict"],
    [{ beamWidth: [40, 20], search: "whole" }, "unlike `beamWidth` 40,20: give calls or auto"],
    [{ beamWidth: [40, 0] }, "or one for each level, such as 40,20,20"],
  ])("%j is refused", (settings, message) => {
    expect(issuesOf(parseRecommendSettings, settings)).toContainEqual([
      expect.anything(),
      expect.stringContaining(message),
    ]);
  });
});

describe("the order of items on one path", () => {
  it("is planned if it is given; a file by its hash alone", () => {
    const planned = (settings: object) =>
      plannedArguments(parseRunRequest({ ...PLACES, ...settings }));
    const usual = planned({});
    expect(planned({ itemOrder: "/order.csv" })).toEqual(usual);
    expect(planned({ itemOrder: "histories", itemsPerPath: 1 })).toEqual({
      ...usual,
      itemOrder: "histories",
      itemsPerPath: 1,
    });
  });
});

describe("proposed items", () => {
  const proposed = { candidates: "c", acceptAbove: -9 };

  it("are planned by the numbers that decide the lists, and not at all without them", () => {
    const planned = (settings: object) => {
      const { device: _, ...parsed } = parseRecommendSettings({ ...PLACES, ...settings });
      return plannedArguments(parsed);
    };
    const numbers = { acceptNewAbove: -20, candidatesPerLevel: 8 };
    expect(planned({ ...proposed, ...numbers, trainedOn: "t" })).toEqual({
      ...planned({}),
      acceptAbove: -9,
      ...numbers,
    });
  });

  it.each([
    [{ acceptNewAbove: -9, trainedOn: "t" }, "`acceptNewAbove` needs `candidates`"],
    [{ trainedOn: "t" }, "`trainedOn` needs `candidates`"],
    [{ candidatesPerLevel: 8 }, "`candidatesPerLevel` needs `candidates`"],
    [{ ...proposed, acceptNewAbove: -20 }, "`acceptNewAbove` needs `trainedOn`"],
    [{ ...proposed, trainedOn: "t" }, "`trainedOn` needs `acceptNewAbove`"],
    [{ ...proposed, candidatesPerLevel: 0 }, "give a whole number of at least 1"],
  ])("are refused with what is missing: %j", (settings, message) => {
    expect(issuesOf(parseRecommendSettings, settings)).toContainEqual([
      expect.anything(),
      expect.stringContaining(message),
    ]);
  });
});

describe("an error", () => {
  it("names every key that is wrong in backticks, and has its parts", () => {
    const wrong = { ...PLACES, target: undefined, draft: ["d", 5], topK: "ten" };
    expect(() => parseRecommendSettings(wrong)).toThrow(
      "`target`: is required; `draft[1]`: give a text; `topK`: give a whole number of at least 1",
    );
    expect(issuesOf(parseRunRequest, { draft: ["d", 5] })).toEqual([[["draft", 1], "give a text"]]);
  });

  it("belongs to no key if settings do not fit together", () => {
    expect(issuesOf(parseRecommendSettings, { topK: 30, beamWidth: 20 })).toEqual([
      [[], expect.stringContaining("`beamWidth` 20 is less than `topK` 30")],
    ]);
  });

  it.each([undefined, null, "run", []])("says that %j is not settings", (value) => {
    const refusal = expect.objectContaining({ name: "SettingsError", code: "BAD_SETTINGS" });
    expect(() => parseRecommendSettings(value)).toThrow(refusal);
  });
});

describe("teacher data", () => {
  it("is logged for a twentieth of the users unless another share is given", () => {
    const settings = { ...PLACES, teacherLog: "/log" };
    expect(parseRecommendSettings(settings).teacherSample).toBe(0.05);
    expect(parseRecommendSettings({ ...settings, teacherSample: 1 }).teacherSample).toBe(1);
    expect(parseRecommendSettings(PLACES)).not.toHaveProperty("teacherSample");
  });
});

describe("whole searches", () => {
  it.each([
    [{ search: "whole", verification: "sampled" }, "`verification` sampled draws lists"],
    [
      { search: "drafted", verification: "relaxed", draft: ["d"], draftWidth: [40] },
      "`verification` relaxed draws lists",
    ],
    [{ search: "whole", candidates: "new", acceptAbove: -9 }, "`candidates` are scored one by one"],
    [{ search: "whole", teacherLog: "log" }, "`teacherLog` writes log-probabilities"],
    [{ search: "drafted" }, "`search` drafted needs a `draft`"],
  ])("are refused with what needs tree calls, and the remedy: %j", (settings, message) => {
    const [[path, text] = []] = issuesOf(parseRecommendSettings, settings);
    expect(path).toEqual([]);
    expect(text).toContain(message);
  });

  it("are one of four ways, and auto leaves no trace in a request", () => {
    expect(parseRunRequest({ ...PLACES, search: "whole" })).toMatchObject({ search: "whole" });
    expect(parseRunRequest(PLACES)).not.toHaveProperty("search");
    for (const search of ["auto", "calls"] as const) {
      const sampled = { ...PLACES, search, verification: "sampled" };
      expect(parseRecommendSettings(sampled)).toMatchObject({ search });
    }
    expect((["auto", "whole", "drafted", "calls"] as const).map(programNamed)).toEqual([
      undefined,
      "beam-search",
      "verify-tree",
      "tree-scores",
    ]);
  });
});
