// Brings what checks the chart into .nightbeam/tools: node infra/helm/tools.mjs
//
// Go builds helm (which takes some three minutes on two cores, the first time) and kubeconform from Go's module
// proxy. Binaries on the PATH are used as they are. Schemas of Kubernetes' own objects come from a package of PyPI,
// those of others from the Go modules that define them. Nothing needs the network once it is there.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import AdmZip from "adm-zip";
import { parse } from "yaml";

const folder = fileURLToPath(new URL("../../.nightbeam/tools/", import.meta.url));

const COMMANDS = {
  helm: "helm.sh/helm/v3/cmd/helm@v3.22.0",
  kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
};

/** The version of Kubernetes whose schemas are used. */
export const KUBERNETES = "1.34.0";
const WHEEL = "kubernetes-validate==1.37.0";
const CORE = [
  ...["configmap-v1", "persistentvolumeclaim-v1", "secret-v1", "service-v1", "serviceaccount-v1"],
  ...["deployment-apps-v1", "statefulset-apps-v1", "ingress-networking-v1"],
  ...["networkpolicy-networking-v1", "poddisruptionbudget-policy-v1"],
];

/** Definitions of objects that are not Kubernetes' own: a Go module, and its files. */
const DEFINITIONS = [
  {
    module: "github.com/kedacore/keda/v2@v2.21.0",
    files: ["config/crd/bases/keda.sh_scaledobjects.yaml"],
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    files: ["podmonitors", "prometheusrules"].map(
      (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    ),
  },
  {
    module: "github.com/cert-manager/cert-manager@v1.21.2",
    files: ["deploy/crds/cert-manager.io_certificates.yaml"],
  },
];

/** The folder of the schemas, a new one for other versions. */
const schemas = join(folder, `schemas-${KUBERNETES}-1`);

/**
 * The commands and schemas that are there.
 *
 * @returns {{ helm?: string, kubeconform?: string, schemas?: string }}
 */
export function found() {
  return {
    helm: command("helm"),
    kubeconform: command("kubeconform"),
    schemas: existsSync(schemas) ? schemas : undefined,
  };
}

function command(name) {
  const paths = (process.env.PATH ?? "").split(delimiter).filter((path) => path !== "");
  return [join(folder, "bin"), ...paths].map((path) => join(path, name)).find(existsSync);
}

/** @throws Error with the end of what the command printed */
function run(name, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(name, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    ...options,
  });
  if (error !== undefined) throw new Error(`${name} cannot be started: ${error.message}`);
  const last = `${stdout}${stderr}`.trim().split("\n").at(-1);
  if (status !== 0) throw new Error(`${name} ${args.join(" ")}: ${last}`);
  return stdout;
}

function installCommand(name) {
  if (command(name) !== undefined) return;
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  run("go", ["install", COMMANDS[name]], { env: { ...process.env, GOBIN: bin } });
}

function installSchemas() {
  if (existsSync(schemas)) return;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, "schemas-"));
  try {
    const found = join(work, "found");
    mkdirSync(found);
    coreSchemas(work, found);
    for (const { module, files } of DEFINITIONS) {
      const { Dir: directory } = JSON.parse(run("go", ["mod", "download", "-json", module]));
      for (const file of files) definedSchemas(join(directory, file), found);
    }
    renameSync(found, schemas);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function coreSchemas(work, to) {
  run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, WHEEL]);
  const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${WHEEL}`);
  const zip = new AdmZip(join(work, wheel));
  const from = `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES}-local-strict`;
  for (const name of [...CORE, "_definitions"]) {
    const text = zip.readAsText(`${from}/${name}.json`);
    if (text === "") throw new Error(`${wheel} has no ${from}/${name}.json`);
    // Their ids and references are those of a server.
    const { $id: _, ...schema } = JSON.parse(text.replaceAll('"/api/_def', '"_def'));
    writeFileSync(join(to, `${name}.json`), JSON.stringify(schema));
  }
}

/** The schemas of a CustomResourceDefinition, one per version. */
function definedSchemas(file, to) {
  const { spec } = parse(readFileSync(file, "utf8"));
  const [group] = spec.group.split(".");
  for (const { name, schema } of spec.versions) {
    const path = join(to, `${spec.names.kind.toLowerCase()}-${group}-${name}.json`);
    writeFileSync(path, JSON.stringify(strict(schema.openAPIV3Schema)));
  }
}

/** Refuses fields that are not in the schema, as Kubernetes' own strict schemas do. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, strict(one)]));
  const isClosed =
    typeof schema.properties === "object" &&
    schema.type === "object" &&
    schema.additionalProperties === undefined &&
    schema["x-kubernetes-preserve-unknown-fields"] !== true;
  return isClosed ? { ...inner, additionalProperties: false } : inner;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    installSchemas();
    for (const name of Object.keys(COMMANDS)) installCommand(name);
    console.log(`helm, kubeconform and the schemas are in ${folder}`);
  } catch (error) {
    console.error(`The tools that check the chart cannot be had: ${error.message}`);
    process.exitCode = 1;
  }
}
