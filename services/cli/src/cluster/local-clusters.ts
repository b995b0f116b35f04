import type { LocalClusters } from "@nightbeam/bench";
import { schedulerClient } from "../cluster-client/client.js";
import { clusterToken } from "./cluster-file.js";
import { clusterUpSchema } from "./options.js";
import { ownCommand } from "./programs/own-command.js";
import { clusterUp, type RunningCluster } from "./up.js";

/** Clusters on this machine, on free ports, for `nightbeam bench cluster`. */
export const localClusters: LocalClusters = {
  ownCommand,
  start: async (settings, say) => {
    const options = clusterUpSchema.parse({ ...settings, schedulerPort: 0, logFormat: "json" });
    let isReady: (cluster: RunningCluster) => void = () => undefined;
    const ready = new Promise<RunningCluster>((resolve) => {
      isReady = resolve;
    });
    const handle = await clusterUp(options, { say, ready: isReady });
    // If the cluster ends before it is ready, its error says why.
    const { scheduler, processes } = await Promise.race([
      ready,
      handle.ended.then((): never => {
        throw new Error("the cluster ended before it was ready");
      }),
    ]);
    const client = schedulerClient({ url: scheduler, token: clusterToken(options.directory) });
    return {
      processes: processes.map(({ name, identity }) => ({ name, pid: identity?.pid })),
      submit: (request) => client.submit(request),
      run: (id) => client.run(id),
      stop: async () => {
        handle.stop();
        await handle.ended;
      },
    };
  },
};
