import { Closers } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { ServerError } from "../src/errors.js";
import { ServerService } from "../src/server-service.js";

function setUp() {
  const time = new FakeTime();
  const events: string[] = [];
  let idle: () => void = () => undefined;
  const closers = new Closers({ onError: () => undefined });
  closers.add("model", () => void events.push("model closed"));
  const service = new ServerService({
    ...{ url: "http://here", grpcUrl: undefined, clock: time, log: silentLog, closers },
    graceMs: 5_000,
    servers: [{ close: async () => void events.push("server closed") }],
    batcher: {
      ...{ waiting: 1, running: 2 },
      refuse: ({ code }: ServerError) => {
        events.push(`refuses with ${code}`);
        return new Promise((resolve) => {
          idle = resolve;
        });
      },
      close: () => void events.push("requests ended"),
    },
  });
  return { time, events, service, idle: () => idle() };
}

describe("a server that drains", () => {
  it("refuses requests at once, and closes when those in progress are answered", async () => {
    const { events, service, idle } = setUp();
    expect(service.isDraining).toBe(false);
    service.drain("test");
    service.drain("again");
    await settle();
    expect(service.isDraining).toBe(true);
    expect(events).toEqual(["refuses with DRAINING"]);
    idle();
    expect(await service.finished).toBe(0);
    expect(events.slice(1)).toEqual(["server closed", "requests ended", "model closed"]);
  });

  it("ends requests that are not answered within the grace", async () => {
    const { time, events, service } = setUp();
    service.drain("test");
    await time.advance(4_999);
    expect(events).toHaveLength(1);
    await time.advance(1);
    expect(await service.finished).toBe(0);
    expect(events).toContain("requests ended");
  });
});
