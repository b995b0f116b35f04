import type { PriorityName, RedoneRun, RunStatus } from "@nightbeam/api";
import { count } from "../../parts/format.js";
import { ActionButton } from "../actions/action-button.js";
import { useLive, usePage } from "../state.js";

type Action = "pause" | "resume" | "retry" | "cancel";

interface ActionText {
  readonly name: string;
  readonly isPossible: (run: RunStatus) => boolean;
  readonly says: (run: RunStatus) => string;
  readonly done: string;
  readonly isDangerous?: boolean;
}

const ACTIONS: Readonly<Record<Action, ActionText>> = {
  pause: {
    name: "Pause",
    isPossible: ({ state, pausedAt }) =>
      (state === "running" || state === "planning") && pausedAt === undefined,
    says: ({ state, shards }) =>
      state === "planning"
        ? "The run is paused as soon as it is planned."
        : `Drafters finish and commit the ${count(shards?.active ?? 0, "shard")} that they have, and take no more until you resume it.`,
    done: "is paused.",
  },
  resume: {
    name: "Resume",
    isPossible: ({ pausedAt }) => pausedAt !== undefined,
    says: () => "Drafters take its shards again.",
    done: "goes on.",
  },
  retry: {
    name: "Retry",
    isPossible: ({ state }) => state === "partial" || state === "cancelled" || state === "refused",
    says: ({ state, shards }) =>
      state === "refused"
        ? "The run is planned again. Mend what the reason says first."
        : `The ${count((shards?.total ?? 0) - (shards?.done ?? 0), "missing shard")} are computed. Lists that are committed stay.`,
    done: "is tried again.",
  },
  cancel: {
    name: "Cancel",
    isDangerous: true,
    isPossible: ({ state }) => state === "planning" || state === "running" || state === "paused",
    says: () =>
      "Shards in progress are given up. Committed shards stay, and Retry does the missing ones.",
    done: "is cancelled.",
  },
};

const PRIORITIES: readonly PriorityName[] = ["urgent", "normal", "low"];

/** What may be done to a run now, by this login. */
export function RunActions({ run }: { readonly run: RunStatus }) {
  const { may } = usePage();
  const { note } = useLive();
  const path = `/v1/runs/${encodeURIComponent(run.id)}`;
  if (!may("submit") || run.state === "unreadable") return null;
  const onDone = (answer: unknown) => {
    if (isRun(answer)) note(answer);
  };
  const canRedo = run.state === "running" || run.state === "paused" || run.state === "complete";
  return (
    <div class="actions">
      {(["resume", "pause", "retry", "cancel"] as const).map((action) => {
        const { name, says, done, isDangerous = false, isPossible } = ACTIONS[action];
        return isPossible(run) ? (
          <ActionButton
            key={action}
            name={name}
            title={`${name} run ${run.id}`}
            says={says(run)}
            isDangerous={isDangerous}
            request={() => ({ method: "POST", path: `${path}/${action}` })}
            done={`Run ${run.id} ${done}`}
            onDone={onDone}
          />
        ) : null;
      })}
      {run.state === "complete" ? null : (
        <ActionButton
          name="Priority"
          title={`Priority of run ${run.id}`}
          says="Shards of an urgent run are taken before those of all others. Shards in progress are finished first."
          request={(form) => ({
            method: "PUT",
            path: `${path}/priority`,
            body: { priority: form.get("priority") },
          })}
          done={`The priority of run ${run.id} is changed.`}
          onDone={onDone}
        >
          <label>
            Priority
            <select name="priority">
              {PRIORITIES.map((one) => (
                <option key={one} selected={one === run.priority}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        </ActionButton>
      )}
      {may("admin") && canRedo ? <Redo run={run} path={path} /> : null}
    </div>
  );
}

function Redo({ run, path }: { readonly run: RunStatus; readonly path: string }) {
  const { note } = useLive();
  return (
    <ActionButton
      name="Redo"
      title={`Compute shards of run ${run.id} again`}
      says="Discards the commits of these shards, and the manifest, and computes their lists again. Only shards that fit all fields; without any, all."
      isDangerous
      request={(form) => ({ method: "POST", path: `${path}/redo`, body: redoBody(form) })}
      done={(answer) =>
        isRedone(answer)
          ? `${count(answer.shards, "shard")} of run ${run.id} are computed again.`
          : `Shards of run ${run.id} are computed again.`
      }
      onDone={(answer) => {
        if (isRedone(answer)) note(answer.run);
      }}
    >
      <label>
        Shards
        <input name="shards" placeholder="3,7-9" />
      </label>
      <label>
        Answered by verifier
        <input name="answeredBy" />
      </label>
    </ActionButton>
  );
}

function redoBody(form: FormData): object {
  const fields = ["shards", "answeredBy"].map((name) => [
    name,
    String(form.get(name) ?? "").trim(),
  ]);
  return Object.fromEntries(fields.filter(([, value]) => value !== ""));
}

function isRun(answer: unknown): answer is RunStatus {
  return typeof answer === "object" && answer !== null && "id" in answer && "state" in answer;
}

function isRedone(answer: unknown): answer is RedoneRun {
  return typeof answer === "object" && answer !== null && "run" in answer && "shards" in answer;
}
