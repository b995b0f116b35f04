import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { readBytes } from "./bytes.js";

/** What a file begins with that git has left in place of a large one. */
const POINTER = "version https://git-lfs.github.com/spec/";

/** Whether a file is such a pointer. */
export async function isPointer(handle: FileHandle, size: number): Promise<boolean> {
  if (size < POINTER.length) return false;
  const start = await readBytes(handle, { offset: 0, length: POINTER.length });
  return isPointerText(new TextDecoder().decode(start));
}

export function isPointerText(text: string): boolean {
  return text.startsWith(POINTER);
}

/** What to do about it, for errors. */
export function pointerProblem(path: string): string {
  return `${path} is a pointer of Git LFS in place of the file; fetch the file: git -C ${dirname(path)} lfs pull`;
}
