// The packages that have onnxruntime's CUDA libraries: PyPI's wheel for CUDA 13, NuGet's for CUDA 12.
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import AdmZip from "adm-zip";
import { output } from "../../packages/model/dist/devices/libraries.js";
import { driverCudaVersion } from "../../packages/model/dist/devices/nvidia-gpus.js";

const NUGET = "https://api.nuget.org/v3/index.json";
const NUGET_ID = "microsoft.ml.onnxruntime.gpu.linux";
const PYPI = "https://pypi.org/simple";

/** The version of CUDA to install for, "12" or "13": the driver's, or that of the loader's libraries. */
export async function installedCuda() {
  const driver = await driverCudaVersion();
  if (driver !== undefined) return driver >= 13 ? "13" : "12";
  const known = await output("ldconfig", ["-p"]);
  return ["13", "12"].find((major) => known.includes(`libcudart.so.${major} `));
}

/** The package's name, URL and hash as its index has them. */
export async function findPackage({ cuda, version, index }) {
  return cuda === "13" ? findWheel({ version, index }) : findNuget({ version, index });
}

async function findWheel({ version, index }) {
  const pages = index ?? process.env.PIP_INDEX_URL ?? (await pipIndex()) ?? PYPI;
  const url = `${pages.replace(/\/+$/, "")}/onnxruntime-gpu/`;
  const response = await get(url, { accept: "application/vnd.pypi.simple.v1+json" });
  if (!/json/.test(response.headers.get("content-type") ?? "")) {
    throw new Error(`${url} has no JSON, which pip's simple API has; give another --index`);
  }
  const { files } = await response.json();
  const prefix = `onnxruntime_gpu-${version}-`;
  const wheel = files.find(({ filename }) => {
    return filename.startsWith(prefix) && /manylinux\w*_x86_64\.whl$/.test(filename);
  });
  if (wheel === undefined) throw new Error(`${url} has no wheel of version ${version}`);
  return {
    name: wheel.filename,
    url: new URL(wheel.url, url).href,
    hash: { algorithm: "sha256", digest: wheel.hashes.sha256 },
  };
}

async function pipIndex() {
  const configured = await output("python3", ["-m", "pip", "config", "get", "global.index-url"]);
  return configured.trim() || undefined;
}

async function findNuget({ version, index = NUGET }) {
  const { resources } = await json(index);
  const base = (type) => {
    const found = resources.find((one) => one["@type"].startsWith(type));
    if (found === undefined) throw new Error(`${index} has no ${type}`);
    return found["@id"].replace(/\/*$/, "/");
  };
  const leaf = await json(`${base("RegistrationsBaseUrl")}${NUGET_ID}/${version}.json`);
  const { packageHash, packageHashAlgorithm } = await json(leaf.catalogEntry);
  const name = `${NUGET_ID}.${version}.nupkg`;
  return {
    name,
    url: `${base("PackageBaseAddress")}${NUGET_ID}/${version}/${name}`,
    hash: {
      algorithm: packageHashAlgorithm.toLowerCase(),
      digest: Buffer.from(packageHash, "base64").toString("hex"),
    },
  };
}

/** Downloads a package into a new file. Fails if its bytes do not have the hash. */
export async function download({ url, hash }, path) {
  const { body } = await get(url);
  const digest = createHash(hash.algorithm);
  const hashed = async function* (chunks) {
    for await (const chunk of chunks) {
      digest.update(chunk);
      yield chunk;
    }
  };
  await pipeline(Readable.fromWeb(body), hashed, createWriteStream(path, { flags: "wx" }));
  const found = digest.digest("hex");
  if (found === hash.digest) return;
  throw new Error(
    `${url} has the ${hash.algorithm} ${found}, but its index says ${hash.digest}: nothing is installed`,
  );
}

/** The libraries in a package, checked to be of the right version of onnxruntime and CUDA. */
export async function extract(path, { files, version, cuda }) {
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  let entries;
  try {
    entries = new AdmZip(path).getEntries();
  } catch (cause) {
    throw new Error(`${path} is not a wheel or a NuGet package: ${cause.message}`, { cause });
  }
  const text = (pattern) => {
    const entry = entries.find(({ entryName }) => pattern.test(entryName));
    return entry === undefined ? "" : entry.getData().toString("utf8");
  };
  const about = text(/\.dist-info\/METADATA$|\.nuspec$/);
  const [, wheelOf, nugetOf] = /^Version: (\S+)|<version>([^<]+)/m.exec(about) ?? [];
  const found = wheelOf ?? nugetOf;
  if (found !== version) {
    throw new Error(
      `${path} is of version ${found ?? "(unknown)"}; the installed onnxruntime needs ${version}`,
    );
  }
  const [, builtFor = "12"] =
    /cuda_version\s*=\s*'(\d+)/.exec(text(/build_and_package_info\.py$/)) ?? [];
  if (cuda !== undefined && builtFor !== cuda) {
    throw new Error(`${path} is for CUDA ${builtFor}, not ${cuda}`);
  }
  return files.map((name) => {
    const entry = entries.find(({ entryName }) => entryName.endsWith(`/${name}`));
    if (entry === undefined) throw new Error(`${path} has no ${name}`);
    // getData checks the entry's own checksum.
    return [name, entry.getData()];
  });
}

async function json(url) {
  return (await get(url)).json();
}

async function get(url, headers = {}) {
  let response;
  try {
    response = await fetch(url, { headers });
  } catch (cause) {
    throw new Error(`${url} cannot be reached: ${cause.cause?.message ?? cause.message}`, {
      cause,
    });
  }
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response;
}
