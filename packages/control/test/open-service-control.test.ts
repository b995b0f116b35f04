import type { ServiceDeps } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { describe, expect, it } from "vitest";
import { withControl } from "../src/open-service-control.js";

/** What a service is started with, and what it registered to be closed. */
function serviceDeps() {
  const closers: (() => Promise<void> | void)[] = [];
  const deps: ServiceDeps = {
    log: silentLog,
    nameOf: () => "NIGHTBEAM_NATS_URL",
    onClose: (close) => closers.push(close),
  };
  return { deps, closers };
}

describe("the control plane of a service", () => {
  it("is left out if no servers are named", async () => {
    const { deps, closers } = serviceDeps();
    const given = await withControl(deps, { service: "sleeper", servers: undefined });
    expect(given).toEqual({ log: silentLog });
    expect(closers).toEqual([]);
  });

  it("is there although NATS is away, and is closed after the service", async () => {
    const { deps, closers } = serviceDeps();
    const given = await withControl(deps, { service: "sleeper", servers: "nats://127.0.0.1:1" });
    expect(given.control?.connected).toBe(false);
    expect(closers).toHaveLength(1);
    for (const close of closers) await close();
  });

  it("refuses servers that are none by the option's name, without the password", async () => {
    const { deps } = serviceDeps();
    const servers = "http://user:secret@host";
    const refused = withControl(deps, { service: "sleeper", servers });
    await expect(refused).rejects.toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringMatching(/^NIGHTBEAM_NATS_URL: .*nats:\/\/host:4222/),
    });
    await expect(refused).rejects.not.toThrow("secret");
  });
});
