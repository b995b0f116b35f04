import { output } from "./libraries.js";

/** An NVIDIA GPU as its driver describes it. Memory is in MiB. */
export interface NvidiaGpu {
  /** As `cuda:N` counts: among the GPUs that CUDA_VISIBLE_DEVICES leaves. */
  readonly index: number;
  readonly name: string;
  readonly memory: number;
  readonly freeMemory: number;
  readonly driver: string;
}

const QUERY = ["index", "uuid", "name", "memory.total", "memory.free", "driver_version"];

/** The GPUs that CUDA shows this process; empty without `nvidia-smi`. */
export async function nvidiaGpus(env: NodeJS.ProcessEnv = process.env): Promise<NvidiaGpu[]> {
  const listed = await output("nvidia-smi", [
    `--query-gpu=${QUERY.join()}`,
    "--format=csv,noheader,nounits",
  ]);
  return visibleGpus(listed, env.CUDA_VISIBLE_DEVICES);
}

/** @param listed `nvidia-smi`'s lines for `QUERY` */
export function visibleGpus(listed: string, visible: string | undefined): NvidiaGpu[] {
  const all = listed.split("\n").flatMap((line) => {
    const [number = "", uuid = "", name = "", memory, free, driver] = line.split(", ");
    if (driver === undefined) return [];
    return { number, uuid, name, memory: Number(memory), freeMemory: Number(free), driver };
  });
  const asked = visible?.split(",").map((one) => one.trim());
  const kept =
    asked === undefined
      ? all
      : asked.flatMap(
          (one) =>
            all.find(
              ({ number, uuid }) => one === number || (one !== "" && uuid.startsWith(one)),
            ) ?? [],
        );
  return kept.map(({ number: _, uuid: __, ...gpu }, index) => ({ index, ...gpu }));
}

/** The highest CUDA version that the installed driver runs, such as 13; undefined without a driver. */
export async function driverCudaVersion(): Promise<number | undefined> {
  const [, major] = /CUDA Version:\s*(\d+)\./.exec(await output("nvidia-smi", [])) ?? [];
  return major === undefined ? undefined : Number(major);
}
