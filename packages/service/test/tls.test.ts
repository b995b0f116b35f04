import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { opensslIsHere, type TestAuthority, testAuthority } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTls } from "../src/options/tls.js";
import { tlsProblem } from "../src/options/tls-client.js";

describe.skipIf(!opensslIsHere)("certificate files", () => {
  let authority: TestAuthority;
  beforeAll(() => {
    authority = testAuthority();
  });
  afterAll(() => authority.remove());

  const read = async (tlsCa: string | undefined, cert: string, key: string) => {
    const warnings: string[] = [];
    const log = { warn: (_: object, message: string) => warnings.push(message) };
    const tls = await readTls({ tlsCa, tlsCert: cert, tlsKey: key }, log);
    return { tls, warnings };
  };

  it("are read, with a warning before they expire and about an open key", async () => {
    const { cert, key } = authority.issue("node", { days: 90 });
    const { tls, warnings } = await read(authority.ca, cert, key);
    expect(tls?.paths).toEqual({ ca: authority.ca, cert });
    expect(warnings).toEqual(["the certificate of --tls-ca expires soon"]);
    chmodSync(key, 0o644);
    expect((await read(undefined, cert, key)).warnings).toEqual([
      `--tls-key ${key} is open to every user of this machine. Run chmod 600 ${key}.`,
    ]);
  });

  it("are refused by name if they cannot be used", async () => {
    const { cert, key } = authority.issue("good");
    const expired = authority.issue("expired", { days: -1 });
    const empty = `${cert}.empty`;
    const damaged = `${cert}.damaged`;
    writeFileSync(empty, "nothing");
    writeFileSync(damaged, readFileSync(cert, "utf8").replace(/^[\w+/]{64}$/m, "A".repeat(64)));
    const refused = async (...[tlsCa, tlsCert, tlsKey]: Parameters<typeof read>) =>
      String(await read(tlsCa, tlsCert, tlsKey).catch((error: unknown) => error));
    const { ca } = authority;
    expect(await refused(ca, expired.cert, expired.key)).toContain(
      `--tls-cert ${expired.cert} expired on `,
    );
    expect(await refused(ca, cert, expired.key)).toContain("is not the key of --tls-cert");
    expect(await refused(ca, cert, cert)).toContain(`--tls-key ${cert} is not a private key`);
    expect(await refused(ca, empty, key)).toContain(`${empty} contains no certificate`);
    expect(await refused(ca, damaged, key)).toMatch(/damaged certificate/);
    expect(await refused("/dev/zero", cert, key)).toContain("--tls-ca /dev/zero cannot be read");
    await expect(readTls({ tlsCert: cert })).rejects.toThrow("belong together");
    expect(await readTls({})).toBeUndefined();
  });
});

describe("a failed TLS connection", () => {
  const failure = (code: string, message = code) => Object.assign(new Error(message), { code });
  const paths = { ca: "ca.pem", cert: "cert.pem" };

  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", { paths: {} }, /Name its authority with --tls-ca/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", { paths }, /not signed by --tls-ca ca.pem/],
    ["CERT_HAS_EXPIRED", { paths }, /of Redis has expired. Renew/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", { paths }, /not for its address/],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", { paths: {} }, /requires a client certificate/],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", { paths }, /refuses the certificate --tls-cert cert.pem/],
    ["ERR_SSL_WRONG_VERSION_NUMBER", { paths }, /does not speak TLS/],
  ])("is explained: %s", (code, tls, message) => {
    expect(tlsProblem(failure(code, code.replaceAll("_", " ")), { tls, server: "Redis" })).toMatch(
      message,
    );
  });

  it("is not confused with another one", () => {
    expect(tlsProblem(failure("ECONNREFUSED"), { tls: { paths }, server: "Redis" })).toBe(
      undefined,
    );
  });
});
