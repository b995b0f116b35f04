// Prints how the runtime reads the prompts of checkpoints, as one JSON line per --model:
//
//   {"model": DIR, "maxTokens": 509, "codes": [tokens of each level], "end": [tokens], "prompts": [tokens of each history]}
//
//   node bench/scripts/training/prompt-tokens.mjs --model DIR [--model DIR …] --catalogue FILE --histories FILE
//
// Weights are not read. compare_prompts.py compares this with what nightbeam-train reads in the same directories.
import { parseArgs } from "node:util";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import { openPrompts, promptColumns } from "@nightbeam/model";

const { values } = parseArgs({
  options: {
    model: { type: "string", multiple: true },
    catalogue: { type: "string" },
    histories: { type: "string" },
  },
});
const { model: models = [], catalogue: path, histories } = values;
if (models.length === 0 || path === undefined || histories === undefined) {
  console.error(
    "usage: node bench/scripts/training/prompt-tokens.mjs --model DIR [--model DIR …] --catalogue FILE --histories FILE",
  );
  process.exit(2);
}
const catalogue = await openCatalogue(path);
for (const directory of models) {
  const opened = await openPrompts({ directory, catalogue });
  const prompts = [];
  for await (const rows of readHistories({
    path: histories,
    texts: await promptColumns(directory),
  })) {
    for (const row of rows) {
      if (row.kind === "rejected") throw new Error(row.detail);
      const items = row.items.map((id) => catalogue.itemIndex(id));
      prompts.push(Array.from(opened.encodePrompt(items, { name: row.user, texts: row.texts })));
    }
  }
  console.log(
    JSON.stringify({
      model: directory,
      maxTokens: opened.maxPromptTokens,
      codes: opened.codeTokens.map((tokens) => Array.from(tokens)),
      end: opened.endTokens,
      prompts,
    }),
  );
}
