// Makes the API reference in docs/api from the docstrings: `npm run docs`. Fails on links that lead nowhere.
//
// TypeDoc needs TypeScript's JavaScript API, which is not stable in version 7, so this workspace depends on
// version 6. The sources of all published packages are read as one program; nothing has to be built.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, OptionDefaults } from "typedoc";
import { readWorkspaces } from "../lib/workspaces.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "docs", "api");
const published = readWorkspaces(root).filter(({ manifest }) => !manifest.private);
const entries = new Map(published.flatMap((workspace) => [...workspace.entries]));

const app = await Application.bootstrap({
  name: "Nightbeam",
  tsconfig: writeConfig(),
  entryPoints: [...entries.values()],
  readme: "none",
  basePath: root,
  disableSources: true,
  // Here @public is followed by the reason for the export.
  blockTags: [...OptionDefaults.blockTags, "@public"],
  modifierTags: OptionDefaults.modifierTags.filter((tag) => tag !== "@public"),
  excludePrivate: true,
  sort: ["source-order"],
  // Unexported types in signatures are allowed.
  validation: { notExported: false, invalidLink: true, invalidPath: true, rewrittenLink: true },
});

const names = new Map([...entries].map(([name, source]) => [source, name]));
const modules = (app.getEntryPoints() ?? []).map((point) => ({
  ...point,
  displayName: names.get(point.sourceFile.fileName) ?? point.displayName,
}));
const project = app.converter.convert(modules);
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) {
  console.error("docs/api was not written: the lines above say what is wrong.");
  process.exitCode = 1;
} else {
  await app.generateDocs(project, out);
  console.log(`docs/api/index.html: ${modules.length} modules`);
}

/** A configuration under which packages find each other's sources instead of what was built. */
function writeConfig() {
  const directory = join(root, ".nightbeam", "reference");
  const file = join(directory, "tsconfig.json");
  const compilerOptions = {
    ...{ noEmit: true, composite: false, declaration: false, declarationMap: false },
    paths: Object.fromEntries([...entries].map(([name, source]) => [name, [source]])),
  };
  mkdirSync(directory, { recursive: true });
  const base = join(root, "tsconfig.base.json");
  writeFileSync(
    file,
    JSON.stringify({ extends: base, compilerOptions, files: [...entries.values()] }),
  );
  return file;
}
