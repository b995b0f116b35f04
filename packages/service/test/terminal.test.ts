import { Writable } from "node:stream";
import { describe, expect, it, test } from "vitest";
import { clock, progressBar, progressLine, whole } from "../src/terminal/progress.js";
import { facts, table } from "../src/terminal/table.js";

describe("clock", () => {
  it.each([
    [0, "0:00"],
    [0.2, "0:01"],
    [59.5, "1:00"],
    [61, "1:01"],
    [3600, "1:00:00"],
    [36_061, "10:01:01"],
  ])("shows %d seconds as %s", (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe("progressLine", () => {
  it("shows share, counts, rate, time left and the note", () => {
    const state = { done: 1500, total: 6000, before: 500, note: "1.30 calls/user" };
    expect(progressLine(state, 10)).toBe(
      " 25%  ██████░░░░░░░░░░░░░░░░░░  1,500/6,000 users  100/s  0:45 left  1.30 calls/user",
    );
  });

  it("shows no rate before anything is done", () => {
    const state = { done: 10, total: 20, before: 10, note: "" };
    expect(progressLine(state, 3)).toBe(
      " 50%  ████████████░░░░░░░░░░░░  10/20 users  0/s  -:-- left",
    );
  });

  it("is full if there is nothing to do", () => {
    expect(progressLine({ done: 0, total: 0, before: 0, note: "" }, 0)).toMatch(/^100% {2}█{24} /);
  });
});

test("a progress line fits the columns: the bar gets shorter, then the note goes", () => {
  const state = { done: 1_234, total: 2_000, before: 0, note: "1.33 calls/user, 2 drafters" };
  const wide = progressLine(state, 10);
  for (let columns = 1; columns <= wide.length + 5; columns++) {
    const line = progressLine(state, 10, columns);
    expect(line.length).toBeLessThanOrEqual(columns);
    if (columns >= 43) expect(line).toContain("1,234/2,000 users  123/s  0:07 left");
    if (columns >= 80) expect(line).toContain(state.note);
    if (columns >= wide.length) expect(line).toBe(wide);
  }
  expect(progressLine(state, 10, 60)).toMatch(/^ 61% {2}█+░+ {2}1,234/);
});

describe("progressBar", () => {
  it("writes a line every ten seconds to a log, and the last state", () => {
    const log = stream(false);
    let now = 5_000;
    const bar = progressBar(log, () => now);
    // The clock starts with the first update.
    for (now = 60_000; now <= 85_000; now += 1_000) {
      bar.update({ done: (now - 60_000) / 1_000, total: 100, before: 0, note: "" });
    }
    now = 85_000;
    bar.finish();
    bar.finish();
    const lines = log.text().trimEnd().split("\n");
    expect(lines.map((line) => /\d+\/100/.exec(line)?.[0])).toEqual(["10/100", "20/100", "25/100"]);
    expect(lines.every((line) => line.includes(" 1/s "))).toBe(true);
  });

  it("redraws one line on a terminal, no wider than it", () => {
    const terminal = stream(true);
    let now = 0;
    const bar = progressBar(terminal, () => now);
    for (; now < 1_000; now += 10) bar.update({ done: now, total: 1_000, before: 0, note: "" });
    bar.finish();
    const drawn = terminal.text().split("\r\x1b[2K").slice(1);
    expect(drawn.length).toBeGreaterThanOrEqual(10);
    expect(drawn.length).toBeLessThanOrEqual(12);
    expect(drawn.every((line) => line.trimEnd().length <= 40)).toBe(true);
    expect(terminal.text().endsWith("\n")).toBe(true);
  });

  it("writes nothing if nothing happened", () => {
    const log = stream(true);
    progressBar(log).finish();
    expect(log.text()).toBe("");
  });
});

describe("table and facts", () => {
  it("align names to the left and figures to the right", () => {
    expect(
      table([
        ["K", "users/s"],
        ["plain", "7"],
      ]),
    ).toBe("K      users/s\nplain        7");
    expect(
      facts([
        ["users", "7"],
        ["target calls", "4.00 per user"],
      ]),
    ).toBe("users         7\ntarget calls  4.00 per user");
    expect(whole(1_234_567.8)).toBe("1,234,568");
  });
});

function stream(isTTY: boolean) {
  let written = "";
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  return Object.assign(sink, { isTTY, columns: 40, text: () => written });
}
