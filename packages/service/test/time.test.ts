import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { repeat, unlessAborted, within } from "../src/time.js";

describe("within", () => {
  it.each([
    ["ends well", async () => {}],
    ["ends badly", () => Promise.reject(new Error("gone"))],
  ])("reports that work that %s was in time, and leaves no timer", async (_, work) => {
    const clock = new FakeTime();
    expect(await within(work(), { ms: 10, clock })).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("does not wait forever", async () => {
    const clock = new FakeTime();
    const waiting = within(new Promise(() => {}), { ms: 10, clock });
    await clock.advance(10);
    expect(await waiting).toBe(false);
  });
});

describe("repeat", () => {
  it("works again and again until it is stopped, also by the work itself", async () => {
    const clock = new FakeTime();
    let times = 0;
    const stop = repeat(clock, 10, () => {
      times++;
      if (times === 3) stop();
    });
    await clock.advance(100);
    expect(times).toBe(3);
    expect(clock.pending).toBe(0);
  });
});

describe("unlessAborted", () => {
  it("gives what the work gives, or throws what it throws", async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(5), signal)).toBe(5);
    const failing = unlessAborted(Promise.reject(new Error("gone")), signal);
    await expect(failing).rejects.toThrow("gone");
  });

  it("throws the reason at once when the signal is aborted, before or during the work", async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(new Promise(() => {}), controller.signal);
    controller.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
    const late = unlessAborted(Promise.reject(new Error("gone")), controller.signal);
    await expect(late).rejects.toThrow("cancelled");
    await settle();
  });
});
