// What a workspace needs to be published. Workspaces with "private": true are not.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Source maps lead to sources that are not published; build info is of use to `tsc -b` alone. */
const FILES = ["dist", "!dist/**/*.map", "!dist/.tsbuildinfo"];
const ROOT_FIELDS = ["license", "engines"];

export function checkPublishing({ root, workspaces, at, rootManifest }) {
  const license = readIfThere(join(root, "LICENSE"));
  const published = workspaces.filter(({ manifest }) => !manifest.private);
  const versions = new Map(workspaces.map(({ name, manifest }) => [name, manifest.version]));
  return published.flatMap(({ directory, manifest }) => {
    const problems = [];
    const found = (file, message, remedy) =>
      problems.push({ place: at(join(directory, file)), message, remedy });

    for (const field of ["description", "keywords", "version"]) {
      if (!manifest[field]?.length) found("package.json", `has no "${field}"`, "write one");
    }
    for (const field of ROOT_FIELDS) {
      if (JSON.stringify(manifest[field]) === JSON.stringify(rootManifest[field])) continue;
      found(
        "package.json",
        `"${field}" differs from the root's`,
        "copy it from the root's package.json",
      );
    }
    if (manifest.publishConfig?.access !== "public") {
      found(
        "package.json",
        "would be published as restricted",
        'add "publishConfig": { "access": "public" }',
      );
    }
    const missing = FILES.filter((pattern) => !manifest.files?.includes(pattern));
    if (missing.length > 0) {
      found(
        "package.json",
        `"files" lacks ${missing.join(", ")}`,
        `start it with ${JSON.stringify(FILES)}`,
      );
    }
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (!versions.has(name)) continue;
      if (range !== versions.get(name)) {
        found(
          "package.json",
          `depends on ${name} ${range}`,
          `its version here is ${versions.get(name)}`,
        );
      }
      if (!published.some((other) => other.name === name)) {
        found("package.json", `depends on ${name}, which is private`, "publish both or none");
      }
    }
    if (readIfThere(join(directory, "LICENSE")) !== license) {
      found(
        "LICENSE",
        "is not the root's",
        "copy the root's LICENSE: npm packs neither links nor files above",
      );
    }
    if (!existsSync(join(directory, "README.md"))) {
      found("README.md", "is missing", "write a page: what it is for, and its main calls");
    }
    return problems;
  });
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
