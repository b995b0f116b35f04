import { parentPort, workerData } from "node:worker_threads";
import { matrixRate } from "./matrix-rate.js";

parentPort?.postMessage(await matrixRate(Number(workerData)));
