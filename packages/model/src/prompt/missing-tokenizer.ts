import { existsSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../errors.js";

/** What a tokenizer is kept in without `tokenizer.json`. */
const OTHER_FILES = ["tokenizer.model", "spiece.model", "tekken.json", "vocab.json", "vocab.txt"];

/** @throws ModelError MISSING_FILE if a directory has a tokenizer, but not as `tokenizer.json` */
export function requireTokenizer(directory: string): void {
  if (existsSync(join(directory, "tokenizer.json"))) return;
  const other = OTHER_FILES.find((file) => existsSync(join(directory, file)));
  if (other === undefined) return;
  throw new ModelError(
    "MISSING_FILE",
    `${directory} has its tokenizer as ${other} and no tokenizer.json; write it with transformers (pip install transformers sentencepiece protobuf tiktoken): python -c "from transformers import AutoTokenizer as T; T.from_pretrained('${directory}').save_pretrained('${directory}')"`,
  );
}
