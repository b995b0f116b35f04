import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTls } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { useTempDirs } from "@nightbeam/testing";
import {
  describeWithNats,
  type NatsServer,
  opensslIsHere,
  startNatsServer,
  type TestAuthority,
  testAuthority,
} from "@nightbeam/testing/servers";
import { nkeys } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCredentials } from "../src/connection/credentials.js";
import { listLog, until, useControls } from "./support/controls.js";

describeWithNats("a NATS that asks for", () => {
  const open = useControls();
  const directories = useTempDirs();

  /** Why a control does not connect: the reason that it logs. */
  const reasonOf = async (servers: string, options: Parameters<typeof open>[1]) => {
    const log = listLog();
    await open(servers, { ...options, log });
    await until(() => log.lines.some(({ level }) => level === "warn"));
    return JSON.stringify(log.lines.find(({ level }) => level === "warn"));
  };

  describe.skipIf(!opensslIsHere)("certificates", () => {
    let authority: TestAuthority;
    let stranger: TestAuthority;
    let nats: NatsServer;
    beforeAll(async () => {
      authority = testAuthority();
      stranger = testAuthority();
      const { cert, key } = authority.issue("nats", { names: "IP:127.0.0.1" });
      const files = ["--tlscert", cert, "--tlskey", key, "--tlscacert", authority.ca];
      nats = await startNatsServer({ args: ["--tls", ...files, "--tlsverify"] });
    });
    afterAll(async () => {
      await nats.stop();
      for (const one of [authority, stranger]) one.remove();
    });

    const tlsOf = (from: TestAuthority, ca: string) => {
      const { cert, key } = from.issue("node");
      return readTls({ tlsCa: ca, tlsCert: cert, tlsKey: key });
    };

    it("is reached with one of its authority, and refuses others in words", async () => {
      const url = nats.url.replace("nats:", "tls:");
      const control = await open(url, { tls: await tlsOf(authority, authority.ca) });
      expect(await control.waitConnected(5_000)).toBe(true);
      const cases = [
        [await tlsOf(stranger, authority.ca), /refuses the certificate --tls-cert/],
        [await tlsOf(authority, stranger.ca), /is not signed by --tls-ca/],
        [await readTls({ tlsCa: authority.ca }), /requires a client certificate/],
        [undefined, /Name its authority with --tls-ca/],
      ] as const;
      for (const [tls, message] of cases) expect(await reasonOf(url, { tls })).toMatch(message);
      // The certificate has the address and not this name.
      const named = url.replace("127.0.0.1", "localhost");
      const tls = await tlsOf(authority, authority.ca);
      expect(await reasonOf(named, { tls })).toContain("is for IP Address:127.0.0.1");
    });
  });

  it("nkeys is reached with the right one, and refuses another in words", async () => {
    const directory = directories();
    const [user, other] = [nkeys.createUser(), nkeys.createUser()];
    const config = join(directory, "nats.conf");
    writeFileSync(config, `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    const nats = await startNatsServer({ args: ["-c", config] });
    const credentials = async (pair: typeof user) => {
      const natsNkey = join(directory, "user.nk");
      writeFileSync(natsNkey, Buffer.concat([pair.getSeed(), Buffer.from("\n")]), { mode: 0o600 });
      return readCredentials({ natsNkey }, silentLog);
    };
    const control = await open(nats.url, { credentials: await credentials(user) });
    expect(await control.waitConnected(5_000)).toBe(true);
    expect(await reasonOf(nats.url, { credentials: await credentials(other) })).toContain(
      "NATS refuses the credentials --nats-nkey",
    );
    expect(await reasonOf(nats.url, {})).toContain("give --nats-creds or --nats-nkey");
    await nats.stop();
  });

  it.each([
    ["natsNkey", "SUAAA", "contains no seed of a user"],
    ["natsNkey", `SU${"A".repeat(56)}`, "contains no seed of a user"],
    ["natsCreds", "-----BEGIN NATS USER JWT-----", "is not a .creds file"],
    ["natsCreds", "", "is not a .creds file"],
  ])("credentials is given no file that has none: %s %j", async (key, text, message) => {
    const file = join(directories(), "file");
    writeFileSync(file, text, { mode: 0o600 });
    await expect(readCredentials({ [key]: file }, silentLog)).rejects.toThrow(message);
    await expect(readCredentials({ [key]: `${file}-not` }, silentLog)).rejects.toThrow(/ENOENT/);
  });
});
