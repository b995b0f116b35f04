import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { refusal } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { cluster, ListDirectory } from "./support/cluster.js";
import { job, request } from "./support/job.js";

const { verifier, client, defer } = cluster();
const run = promisify(execFile);

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    return false;
  }
}

/** A certificate for localhost that has signed itself. */
async function selfSigned() {
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-tls-"));
  try {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=nightbeam", "-addext", "subjectAltName=DNS:localhost"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    await run("openssl", [
      "req",
      "-x509",
      "-nodes",
      "-days",
      "2",
      ...curve,
      ...subject,
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe.skipIf(!hasOpenssl())("with certificates", () => {
  it("both ends show theirs", async () => {
    const own = await selfSigned();
    const tls = { ...own, ca: own.cert };
    const a = await verifier("a", { tls });
    const address = `localhost:${a.server.port}`;
    const directory = new ListDirectory([{ ...a.endpoint, address }]);
    expect(
      await client(directory, { tls })
        .scorer(job())
        .score([request(1)]),
    ).toHaveLength(1);

    const limits = { patienceMs: 150 };
    const strangers = [{ ca: own.cert }, undefined, { ...(await selfSigned()), ca: own.cert }];
    for (const stranger of strangers) {
      const made = client(directory, { limits, ...(stranger && { tls: stranger }) });
      const refused = await refusal(made.scorer(job()).score([request(1)]));
      expect(refused.code).toBe("NO_VERIFIER");
    }
    expect(a.handler.calls).toHaveLength(1);
  });

  it("the health check of the image shows those of the verifier", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nightbeam-health-"));
    defer(() => rm(directory, { recursive: true }));
    const own = await selfSigned();
    const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    await writeFile(cert, own.cert);
    await writeFile(key, own.key);
    const script = fileURLToPath(new URL("../../../infra/health/grpc.mjs", import.meta.url));
    const { server: mutual } = await verifier("a", { tls: { ...own, ca: own.cert } });
    const { server: oneSided } = await verifier("b", { tls: own });
    const check = ({ port }: { port: number }, flags: readonly string[], env: object = {}) =>
      run(process.execPath, [script, `127.0.0.1:${port}`, ...flags], {
        env: { ...process.env, ...env },
      });
    const variables = { NIGHTBEAM_TLS_CERT: cert, NIGHTBEAM_TLS_KEY: key };
    await check(mutual, ["--tls-cert", cert, "--tls-key", key]);
    await check(mutual, [], variables);
    await check(oneSided, [], variables);
    await check(oneSided, ["--tls"]);
    await expect(check(mutual, ["--tls"])).rejects.toThrow();
    await expect(check(oneSided, [])).rejects.toThrow();
    await mutual.drain(0);
    await expect(check(mutual, [], variables)).rejects.toThrow();
  });

  it("a server needs both files", async () => {
    const { cert } = await selfSigned();
    await expect(verifier("a", { tls: { cert } })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});
