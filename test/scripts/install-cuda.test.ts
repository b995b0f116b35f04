import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import AdmZip from "adm-zip";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/install-cuda.mjs", import.meta.url));
const LIBRARIES = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const runtime = join(modules, "onnxruntime-node", "package.json");
const { version }: { version: string } = JSON.parse(readFileSync(runtime, "utf8"));

let root = "";
let server: Server;
/** The pages of the index, by path. */
let pages: Map<string, { type: string; body: string | Buffer }>;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "install-cuda-"));
  mkdirSync(join(root, "to"));
  pages = new Map();
  server = createServer(({ url = "" }, response) => {
    const page = pages.get(url);
    response.writeHead(page === undefined ? 404 : 200, { "content-type": page?.type ?? "" });
    response.end(page?.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

function origin(): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

function wheel({ of = version, cuda = "13.0" } = {}): Buffer {
  const zip = new AdmZip();
  for (const name of LIBRARIES) zip.addFile(`onnxruntime/capi/${name}`, Buffer.from(`new ${name}`));
  const about = `Metadata-Version: 2.4\nName: onnxruntime-gpu\nVersion: ${of}\n`;
  zip.addFile(`onnxruntime_gpu-${of}.dist-info/METADATA`, Buffer.from(about));
  const build = `package_name = 'onnxruntime-gpu'\ncuda_version = '${cuda}'\n`;
  zip.addFile("onnxruntime/capi/build_and_package_info.py", Buffer.from(build));
  return zip.toBuffer();
}

function nuget(): Buffer {
  const zip = new AdmZip();
  const about = `<package><metadata><version>${version}</version></metadata></package>`;
  zip.addFile("Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec", Buffer.from(about));
  for (const name of LIBRARIES) {
    zip.addFile(`runtimes/linux-x64/native/${name}`, Buffer.from(`new ${name}`));
  }
  return zip.toBuffer();
}

const json = (value: unknown) => ({ type: "application/json", body: JSON.stringify(value) });
const bytes = (body: Buffer) => ({ type: "application/octet-stream", body });

/** PyPI's simple index, with a wheel for another processor before the right one. */
function publishWheel(content: Buffer, sha256 = digest("sha256", content).toString("hex")): void {
  const name = `onnxruntime_gpu-${version}-cp311-cp311-manylinux_2_28_x86_64.whl`;
  const other = { filename: name.replace("x86_64", "aarch64"), url: "/other", hashes: {} };
  const files = [other, { filename: name, url: `../../files/${name}`, hashes: { sha256 } }];
  pages.set("/simple/onnxruntime-gpu/", json({ files }));
  pages.set(`/files/${name}`, bytes(content));
}

function digest(algorithm: string, content: Buffer): Buffer {
  return createHash(algorithm).update(content).digest();
}

function install(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const all = [SCRIPT, "--to", join(root, "to"), ...args];
    execFile(process.execPath, all, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

function expectInstalled(): void {
  expect(readdirSync(join(root, "to")).toSorted()).toEqual(LIBRARIES.toSorted());
  for (const name of LIBRARIES) {
    expect(readFileSync(join(root, "to", name), "utf8")).toBe(`new ${name}`);
  }
}

describe("install:cuda", () => {
  it("takes CUDA 13's libraries from the wheel of pip's index, in place of older ones", async () => {
    const content = wheel();
    publishWheel(content);
    writeFileSync(join(root, "to", LIBRARIES[0] ?? ""), "old");
    const { code, stdout } = await install("--cuda", "13", "--index", `${origin()}/simple/`);
    expect(code).toBe(0);
    expect(stdout).toContain(digest("sha256", content).toString("hex"));
    expectInstalled();
  });

  it("takes CUDA 12's libraries from NuGet, by the hash of its catalogue", async () => {
    const content = nuget();
    const id = "microsoft.ml.onnxruntime.gpu.linux";
    const resources = [
      { "@type": "RegistrationsBaseUrl/3.6.0", "@id": `${origin()}/registration` },
      { "@type": "PackageBaseAddress/3.0.0", "@id": `${origin()}/flat/` },
    ];
    pages.set("/v3/index.json", json({ resources }));
    pages.set(`/registration/${id}/${version}.json`, json({ catalogEntry: `${origin()}/entry` }));
    const packageHash = digest("sha512", content).toString("base64");
    pages.set("/entry", json({ packageHash, packageHashAlgorithm: "SHA512" }));
    pages.set(`/flat/${id}/${version}/${id}.${version}.nupkg`, bytes(content));
    const { code } = await install("--cuda", "12", "--index", `${origin()}/v3/index.json`);
    expect(code).toBe(0);
    expectInstalled();
  });

  it("takes a file that was downloaded elsewhere, and prints its hash", async () => {
    const path = join(root, "onnxruntime.whl");
    writeFileSync(path, wheel());
    const { code, stdout } = await install("--file", path);
    expect(code).toBe(0);
    expect(stdout).toContain(digest("sha256", readFileSync(path)).toString("hex"));
    expectInstalled();
  });

  const refused = async (...args: string[]) => {
    const { code, stderr } = await install(...args);
    expect(code).toBe(1);
    expect(readdirSync(join(root, "to"))).toEqual([]);
    return stderr;
  };

  it("installs nothing of a download that has another hash", async () => {
    publishWheel(wheel(), "0".repeat(64));
    const said = await refused("--cuda", "13", "--index", `${origin()}/simple`);
    expect(said).toContain(`but its index says ${"0".repeat(64)}: nothing is installed`);
  });

  it("fails with a remedy if the index has no such version or cannot be reached", async () => {
    pages.set("/simple/onnxruntime-gpu/", json({ files: [] }));
    const none = await refused("--cuda", "13", "--index", `${origin()}/simple`);
    expect(none).toContain(`has no wheel of version ${version}`);
    expect(none).toContain("--file PATH");
    const index = `${origin()}/v3/index.json`;
    server.close();
    const away = await refused("--cuda", "12", "--index", index);
    expect(away).toContain("cannot be reached");
    expect(away).toContain("--file PATH");
  });

  it("refuses files of other versions, and other files", async () => {
    const file = (content: Buffer | string) => {
      writeFileSync(join(root, "file"), content);
      return ["--file", join(root, "file")];
    };
    const other = await refused(...file(wheel({ of: "1.2.3" })));
    expect(other).toContain(`is of version 1.2.3; the installed onnxruntime needs ${version}`);
    const older = await refused("--cuda", "12", ...file(wheel()));
    expect(older).toContain("is for CUDA 13, not 12");
    expect(await refused(...file("text"))).toContain("is not a wheel or a NuGet package");
    expect(await refused("--file", join(root, "none"))).toContain("does not exist");
    expect(await refused("--cuda", "11")).toContain("--cuda 11: give 12 or 13");
  });
});
