import { loggedClosers } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { describe, expect, it } from "vitest";
import { withControl } from "../src/with-control.js";

describe("the control plane of a service", () => {
  const open = (nats: string | undefined) => {
    const closers = loggedClosers(silentLog);
    const nameOf = () => "NIGHTBEAM_NATS_URL";
    const options = { nats, namespace: "nightbeam" };
    const deps = { log: silentLog, nameOf, closers };
    return { closers, opening: withControl(deps, { service: "sleeper", options }) };
  };

  it("is left out without servers", async () => {
    expect((await open(undefined).opening).control).toBeUndefined();
  });

  it("does not need NATS at the start, and ends with the service", async () => {
    const { closers, opening } = open("nats://127.0.0.1:1");
    const { control } = await opening;
    expect(control?.connected).toBe(false);
    await closers.close();
    expect(() => control?.watchNodes("verifier")).toThrow("closed by this process");
  });

  it("names the flag or variable that is wrong, and shows no address", async () => {
    const { opening } = open("http://user:secret@host");
    const error = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "UsageError", code: "BAD_OPTION" });
    expect(String(error)).toMatch(/NIGHTBEAM_NATS_URL: .*nats:\/\/host:4222/);
    expect(String(error)).not.toContain("secret");
  });
});
