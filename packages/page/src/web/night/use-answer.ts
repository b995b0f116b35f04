import { useEffect, useState } from "preact/hooks";
import { ask, RequestError } from "./requests.js";

/** What a request returned. While it is asked again, the answer before stays. */
export type Answer<Value> =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly value: Value }
  | { readonly state: "failed"; readonly message: string };

/** Asks for a path, and asks again when `version` has changed, at most every two seconds. */
export function useAnswer<Value>(path: string, version: string | number = 0): Answer<Value> {
  const [answer, setAnswer] = useState<{ path: string; answer: Answer<Value> }>();
  const throttled = useThrottled(version);
  // A new version asks again.
  useEffect(() => {
    let isOver = false;
    const set = (next: Answer<Value>) => {
      if (!isOver) setAnswer({ path, answer: next });
    };
    ask<Value>({ method: "GET", path }).then(
      (value) => set({ state: "ready", value }),
      (error: unknown) =>
        set({
          state: "failed",
          message: error instanceof RequestError ? error.message : String(error),
        }),
    );
    return () => {
      isOver = true;
    };
  }, [path, throttled]);
  return answer?.path === path ? answer.answer : { state: "loading" };
}

const EVERY_MS = 2_000;

/** A value that follows another one, at most every two seconds. */
function useThrottled<Value>(value: Value): Value {
  const [followed, setFollowed] = useState({ value, at: 0 });
  useEffect(() => {
    if (followed.value === value) return;
    const wait = Math.max(0, followed.at + EVERY_MS - performance.now());
    const timer = setTimeout(() => setFollowed({ value, at: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, followed]);
  return followed.value;
}
