import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { opensslIsHere, type TestAuthority, testAuthority } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schedulerClient } from "../../src/cluster-client/client.js";
import { connectionOf } from "../../src/cluster-client/connection.js";

describe.skipIf(!opensslIsHere)("a scheduler with TLS", () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let url: string;
  let stop = () => {};
  beforeAll(async () => {
    authority = testAuthority();
    stranger = testAuthority();
    const { cert, key } = authority.issue("scheduler");
    const files = { cert: readFileSync(cert), key: readFileSync(key) };
    const server = createServer(files, (_, answer) => answer.end('{"alarms":[]}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    url = `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    stop = () => server.close();
  });
  afterAll(() => {
    stop();
    for (const one of [authority, stranger]) one.remove();
  });

  const alarms = async (scheduler: string, tlsCa?: string) => {
    const flags = { scheduler, token: "a-token", ...(tlsCa === undefined ? {} : { tlsCa }) };
    return schedulerClient((await connectionOf(flags)).connection).alarms();
  };

  it("is asked if its authority is named, and refused in words otherwise", async () => {
    expect(await alarms(url, authority.ca)).toEqual([]);
    await expect(alarms(url, stranger.ca)).rejects.toThrow(/not signed by --tls-ca/);
    await expect(alarms(url)).rejects.toThrow(/Name its authority with --tls-ca/);
    await expect(alarms(url.replace("https", "http"))).rejects.toThrow(/a server with TLS/);
  });
});
