import { someRun } from "@nightbeam/testing";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type EventStream, openLive } from "../src/web/night/live.js";

const run = someRun();

/** A stream of events that a test speaks through. */
class FakeStream implements EventStream {
  readyState = 0;
  isClosed = false;
  readonly path: string;
  readonly #listeners = new Map<string, (event: { readonly data: string }) => void>();

  constructor(path: string) {
    this.path = path;
  }

  addEventListener(name: string, listener: (event: { readonly data: string }) => void): void {
    this.#listeners.set(name, listener);
  }

  say(name: string, data: object = {}): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) });
  }

  close(): void {
    this.isClosed = true;
  }
}

function opened() {
  const sources: FakeStream[] = [];
  const calls = { refused: 0, newPage: 0 };
  const live = openLive({
    open: (path) => {
      const source = new FakeStream(path);
      sources.push(source);
      return source;
    },
    onRefused: () => void calls.refused++,
    onNewPage: () => void calls.newPage++,
    page: "v1",
  });
  vi.advanceTimersByTime(1);
  const last = () => {
    const source = sources.at(-1);
    if (source === undefined) throw new Error("nothing was opened");
    return source;
  };
  return { live, last, sources, calls };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
});

it("keeps what it was sent, and changes of it", () => {
  const { live, last } = opened();
  last().say("runs", { changed: [run, { ...run, id: "r-2" }], gone: [] });
  last().say("runs", { changed: [{ ...run, state: "paused" }], gone: ["r-2"] });
  expect(live.runs.value).toEqual([{ ...run, state: "paused" }]);
  expect(live.connection.value).toEqual({ state: "open" });
  live.close();
});

it("says since when it is not connected, tries again, and forgets runs that are gone meanwhile", () => {
  const { live, last, sources } = opened();
  last().say("runs", { changed: [run], gone: [] });
  const heardAt = Date.now();
  vi.advanceTimersByTime(2_000);
  last().say("error");
  expect(live.connection.value).toEqual({ state: "lost", since: heardAt });
  expect(live.runs.value).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(sources).toHaveLength(2);
  last().say("runs", { changed: [{ ...run, id: "r-3" }], gone: [] });
  expect(live.runs.value?.map(({ id }) => id)).toEqual(["r-3"]);
  expect(live.connection.value).toEqual({ state: "open" });
  live.close();
});

it("notices a connection that is silent, a login that has ended and a new version of the page", () => {
  const { live, last, sources, calls } = opened();
  last().say("hello", { page: "v1", now: Date.now() });
  expect(calls.newPage).toBe(0);
  vi.advanceTimersByTime(9_000);
  expect(live.connection.value.state).toBe("lost");
  expect(sources).toHaveLength(2);
  last().say("hello", { page: "v2", now: Date.now() });
  expect(calls.newPage).toBe(1);
  last().readyState = 2;
  last().say("error");
  expect(calls.refused).toBe(1);
  live.close();
});

it("follows the shards of the run that is shown", () => {
  const { live, last, sources } = opened();
  live.show("r-1");
  live.show("r-2");
  vi.advanceTimersByTime(1);
  expect(sources.map(({ path }) => path)).toEqual(["/v1/events", "/v1/events?run=r-2"]);
  expect(sources[0]?.isClosed).toBe(true);
  last().say("shards", { total: 1, partSize: 5, states: "w1", active: [] });
  expect(live.shards.value?.total).toBe(1);
  live.show(undefined);
  expect(live.shards.value).toBeUndefined();
  live.close();
});
