import { listDevices } from "@nightbeam/model";
import { describe, expect, it } from "vitest";
import { visibleGpus } from "../../src/devices/nvidia-gpus.js";

describe("the devices of this machine", () => {
  it("are the CPU, which works, and others that work or have a problem with its remedy", async () => {
    const devices = await listDevices();
    const [cpu, ...others] = devices;
    expect(cpu).toMatchObject({ device: "cpu", works: true, problems: [] });
    expect(others.map(({ device }) => device.replace(/:\d+$/, ""))).toEqual(
      expect.arrayContaining(["cuda", "webgpu"]),
    );
    for (const { works, problems } of devices) expect(problems.length > 0).toBe(!works);
  }, 300_000);
});

describe("NVIDIA GPUs", () => {
  const listed = [
    "0, GPU-aa11, NVIDIA H100 80GB HBM3, 81559, 81008, 580.95.05",
    "1, GPU-bb22, NVIDIA L4, 23034, 200, 580.95.05",
    "",
  ].join("\n");
  const h100 = { name: "NVIDIA H100 80GB HBM3", memory: 81559, freeMemory: 81008 };
  const l4 = { name: "NVIDIA L4", memory: 23034, freeMemory: 200 };
  const driver = "580.95.05";

  it("are counted among those that CUDA_VISIBLE_DEVICES leaves, in its order", () => {
    const both = [
      { index: 0, ...h100, driver },
      { index: 1, ...l4, driver },
    ];
    expect(visibleGpus(listed, undefined)).toEqual(both);
    expect(visibleGpus(listed, "1")).toEqual([{ index: 0, ...l4, driver }]);
    expect(visibleGpus(listed, "GPU-bb, 0")).toEqual([
      { index: 0, ...l4, driver },
      { index: 1, ...h100, driver },
    ]);
    expect(visibleGpus(listed, "")).toEqual([]);
  });

  it("are none if nvidia-smi prints none", () => {
    expect(visibleGpus("", undefined)).toEqual([]);
    expect(visibleGpus("NVIDIA-SMI has failed because it couldn't communicate", "0")).toEqual([]);
  });
});
