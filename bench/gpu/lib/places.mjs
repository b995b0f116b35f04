import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** What these scripts download and build; git ignores it. */
export const scratch = join(root, ".nightbeam", "gpu");
