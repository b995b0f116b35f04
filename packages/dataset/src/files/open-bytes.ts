import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline, Transform, type TransformCallback } from "node:stream";
import { createGunzip } from "node:zlib";
import { fileSize, openRegular, streamRegular } from "@nightbeam/store";
import { Decompress } from "fzstd";
import { DatasetError, readFailure } from "../errors.js";

const READ_BYTES = 256 * 1024;
/** Longer than every signature. */
const START_BYTES = 32;
const GZIP = "\x1f\x8b";
const ZSTD = "\x28\xb5\x2f\xfd";

/** First bytes, in Latin-1, of files that are no text, and how to make text of them. */
const FOREIGN: readonly (readonly [start: string | RegExp, name: string, remedy: string])[] = [
  [/^BZh[1-9]1AY&SY/, "compressed with bzip2", "bunzip2 --keep FILE"],
  ["\xfd7zXZ\0", "compressed with xz", "xz --decompress --keep FILE"],
  ["\x04\x22\x4d\x18", "compressed with LZ4", "lz4 --decompress FILE"],
  ["\xff\x06\0\0sNaPpY", "compressed with Snappy", "snzip --decompress --keep FILE"],
  ["PK\x03\x04", "a ZIP archive or a spreadsheet", "unzip FILE, or save the sheet as CSV"],
  ["7z\xbc\xaf", "a 7-Zip archive", "7z x FILE"],
  ["\xff\xfe", "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > OUTPUT"],
  ["\xfe\xff", "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > OUTPUT"],
  // A header may begin with these letters.
  [/^ORC[^\x20-\x7e\s]/, "an ORC file", "write it as Parquet"],
  ["Obj\x01", "an Avro file", "write it as Parquet"],
  ["ARROW1", "an Arrow or Feather file", "pandas.read_feather(FILE).to_parquet(OUTPUT)"],
  ["\x89HDF", "an HDF5 file", "pandas.read_hdf(FILE).to_parquet(OUTPUT)"],
  ["SQLite format 3", "an SQLite database", "write the table as CSV or Parquet"],
  ["\x93NUMPY", "a NumPy array", "pandas.DataFrame(numpy.load(FILE)).to_parquet(OUTPUT)"],
  ["\x80\x03", "a Python pickle", "pandas.read_pickle(FILE).to_parquet(OUTPUT)"],
  ["\x80\x04", "a Python pickle", "pandas.read_pickle(FILE).to_parquet(OUTPUT)"],
  ["\x80\x05", "a Python pickle", "pandas.read_pickle(FILE).to_parquet(OUTPUT)"],
];

/**
 * Streams a text file, decompressed if its first bytes are those of gzip or Zstandard; the name does not
 * matter.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE; UNKNOWN_FORMAT for a file that is no text, with the
 * command that makes it one
 */
export async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const start = await startOf(path);
  refuseForeign(path, start);
  let stream: Readable | undefined;
  try {
    stream = await unpacked(path, start);
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw readFailure(path, error);
  } finally {
    stream?.destroy();
  }
}

/** A text may unpack to this much, and to this many times the size of its file. */
const UNPACKS_FREELY = 2 ** 20;
const MAX_PACKING = 200;

/** All bytes of a file, as `readLimited` reads them. */
export async function readWhole(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readLimited(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Streams a text file as `readBytes` does. A file that unpacks to very many times its size is refused before it fills the
 * memory.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT
 */
export async function* readLimited(path: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  let limit: number | undefined;
  for await (const chunk of readBytes(path)) {
    bytes += chunk.length;
    limit ??= UNPACKS_FREELY + MAX_PACKING * ((await fileSize(path)) ?? 0);
    if (bytes <= limit) {
      yield chunk;
      continue;
    }
    throw new DatasetError(
      "UNREADABLE",
      `${path} unpacks to more than ${MAX_PACKING} times its size, as no catalogue does. Unpack it yourself ` +
        "if it is one, and name the result.",
    );
  }
}

/** Whether a file is Parquet by its first bytes. @throws DatasetError FILE_NOT_FOUND, UNREADABLE */
export async function isParquet(path: string): Promise<boolean> {
  return (await startOf(path)).startsWith("PAR1");
}

/** The first bytes as Latin-1. */
async function startOf(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await openRegular(path);
    const bytes = Buffer.alloc(START_BYTES);
    const { bytesRead } = await file.read(bytes, 0, START_BYTES, 0);
    return bytes.toString("latin1", 0, bytesRead);
  } catch (error) {
    throw readFailure(path, error);
  } finally {
    await file?.close();
  }
}

function refuseForeign(path: string, start: string): void {
  // UTF-16 without a mark has a zero in every other byte of a header in English.
  const wide = /^(?:[\x20-\x7e]\0){2}|^(?:\0[\x20-\x7e]){2}/.test(start);
  const found = FOREIGN.find(([bytes]) =>
    typeof bytes === "string" ? start.startsWith(bytes) : bytes.test(start),
  );
  if (found === undefined && !wide) return;
  const [, name, remedy] = found ?? ["", "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > OUTPUT"];
  throw new DatasetError("UNKNOWN_FORMAT", `${path} is ${name}. Convert it first: ${remedy}`);
}

async function unpacked(path: string, start: string): Promise<Readable> {
  const file = await streamRegular(path, { chunkBytes: READ_BYTES });
  // An error also reaches the consumer of the last stream of a pipeline.
  if (start.startsWith(GZIP)) {
    return pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => undefined);
  }
  return start.startsWith(ZSTD) ? pipeline(file, new Unzstd(), () => undefined) : file;
}

/** Node 20 has no Zstandard. */
class Unzstd extends Transform {
  readonly #unpacker = new Decompress((bytes) => {
    if (bytes.length > 0) this.push(Buffer.from(bytes));
  });

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#push(chunk, { last: false, done });
  }

  override _flush(done: TransformCallback): void {
    this.#push(new Uint8Array(0), { last: true, done });
  }

  #push(bytes: Uint8Array, { last, done }: { last: boolean; done: TransformCallback }): void {
    try {
      this.#unpacker.push(bytes, last);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
