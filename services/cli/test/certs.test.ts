import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { useTempDirs } from "@nightbeam/testing";
import { opensslIsHere } from "@nightbeam/testing/servers";
import { describe, expect, it } from "vitest";
import { makeCertificates, owners } from "../src/certs/certificates.js";

describe.skipIf(!opensslIsHere)("nightbeam certs", () => {
  const directories = useTempDirs();
  const certificate = (path: string) => new X509Certificate(readFileSync(path));

  it("makes certificates of one authority, with keys that only their owner can read", () => {
    const directory = join(directories(), "new", "certs");
    const { files, renewed, hosts } = makeCertificates(directory, ["gpu1", "10.0.0.7"]);
    expect(renewed).toBe(false);
    expect(hosts).toEqual(expect.arrayContaining(["localhost", "127.0.0.1", "gpu1", "10.0.0.7"]));
    const ca = certificate(files.ca);
    for (const owner of owners()) {
      const { cert, key } = files.of(owner);
      const made = certificate(cert);
      expect(made.verify(ca.publicKey)).toBe(true);
      expect(made.checkHost("gpu1")).toBe("gpu1");
      expect(made.checkIP("10.0.0.7")).toBe("10.0.0.7");
      expect(statSync(key).mode & 0o777).toBe(0o600);
    }
    // 1.3.6.1.5.5.7.3.1 is serverAuth: drafters cannot pretend to be verifiers.
    expect(certificate(files.of("drafter").cert).keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    for (const secret of ["ca.key", "cluster-key"])
      expect(statSync(join(directory, secret)).mode & 0o777).toBe(0o600);
  });

  it("renews them and keeps the authority, the names and the cluster's key", () => {
    const directory = directories();
    const { files } = makeCertificates(directory, ["gpu1"]);
    const read = () =>
      [files.ca, files.clusterKey, files.of("verifier").cert].map((path) =>
        readFileSync(path, "utf8"),
      );
    const before = read();
    const again = makeCertificates(directory, undefined);
    expect(again.renewed).toBe(true);
    expect(again.hosts).toContain("gpu1");
    const after = read();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toBe(before[2]);
    rmSync(join(directory, "ca.key"));
    expect(() => makeCertificates(directory, undefined)).toThrow(/ca\.key is missing/);
  });
});
