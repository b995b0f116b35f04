import type { PruneReport } from "@nightbeam/api";
import { useState } from "preact/hooks";
import { count } from "../../parts/format.js";
import { ask } from "../requests.js";
import { usePage } from "../state.js";
import { DialogForm } from "./dialog-form.js";

/** Removes old runs: first it shows which, then it does. */
export function PruneButton() {
  const { notice } = usePage();
  const [isOpen, setOpen] = useState(false);
  const [keep, setKeep] = useState("14d");
  const [withLists, setWithLists] = useState(false);
  const [plan, setPlan] = useState<PruneReport>();
  const [problem, setProblem] = useState("");
  const close = () => {
    setOpen(false);
    setPlan(undefined);
    setProblem("");
  };
  const send = async (dryRun: boolean) => {
    try {
      const body = { keep, lists: withLists, dryRun };
      const report = await ask<PruneReport>({ method: "POST", path: "/v1/runs/prune", body });
      setProblem("");
      if (dryRun) return setPlan(report);
      notice.value = `${count(report.runs.length, "run")} and ${count(report.dates, "date")} of nights are removed.`;
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Remove old runs
      </button>
      {isOpen ? (
        <DialogForm
          title="Remove old runs"
          problem={problem}
          onSubmit={() => send(plan === undefined)}
          onClose={close}
          submit={
            plan === undefined ? (
              <button type="submit" class="primary">
                Show which
              </button>
            ) : (
              <button type="submit" class="danger" disabled={plan.runs.length + plan.dates === 0}>
                Remove
              </button>
            )
          }
        >
          <p>
            Removes what is left of runs that ended long ago. Their lists stay, unless you remove
            them too.
          </p>
          <label>
            Keep runs that ended within
            <input
              value={keep}
              required
              pattern="\d{1,5}[hd]"
              title="Days or hours, as 14d or 36h"
              onInput={({ currentTarget: { value } }) => {
                setKeep(value);
                setPlan(undefined);
              }}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={withLists}
              onChange={({ currentTarget: { checked } }) => {
                setWithLists(checked);
                setPlan(undefined);
              }}
            />
            Remove their lists too
          </label>
          <p role="status">
            {plan === undefined
              ? ""
              : `${count(plan.runs.length, "run")} and ${count(plan.dates, "date")} of nights would be removed${plan.lists ? ", with their lists" : ""}.`}
          </p>
        </DialogForm>
      ) : null}
    </>
  );
}
