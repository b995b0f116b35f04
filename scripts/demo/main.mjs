// Shows what Nightbeam does on a simulated shop, with the models of demo/world: exact top-10 lists for users that the
// models never saw, drafted by a small model and verified by a larger one. `--cluster` does the same night on a cluster on
// this machine and kills a drafter in the middle. All files are under .nightbeam/demo.
import { clusterNight } from "./cluster.mjs";
import { oneMachine } from "./one-machine.mjs";

const [flag, ...others] = process.argv.slice(2);
if (others.length > 0 || (flag !== undefined && flag !== "--cluster")) {
  console.error("usage: npm run demo, or npm run demo -- --cluster");
  process.exit(2);
}
await (flag === undefined ? oneMachine() : clusterNight());
