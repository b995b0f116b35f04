export { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from "./trace-receiver.js";
