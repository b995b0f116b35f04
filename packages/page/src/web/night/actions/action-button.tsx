import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../parts/dialog.js";
import { ask, type SentRequest } from "../requests.js";
import { usePage } from "../state.js";

export interface ActionButtonProps {
  /** On the button that opens the dialog, and on the one that does it. */
  readonly name: string;
  /** Of the dialog. Default: the name. */
  readonly title?: string;
  /** What happens. */
  readonly says: string;
  /** Whether something is lost. */
  readonly isDangerous?: boolean;
  readonly request: (form: FormData) => SentRequest;
  /** What is said afterwards. */
  readonly done: string | ((answer: unknown) => string);
  readonly onDone?: (answer: unknown) => void;
  /** Fields of the dialog. */
  readonly children?: ComponentChildren;
}

/** A button that asks before it does something. */
export function ActionButton(props: ActionButtonProps) {
  const { name, title = name, says, isDangerous = false, request, done, onDone, children } = props;
  const { notice } = usePage();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const close = () => {
    setOpen(false);
    setProblem("");
  };
  const act = async (form: HTMLFormElement) => {
    setBusy(true);
    try {
      const answer = await ask<unknown>(request(new FormData(form)));
      onDone?.(answer);
      notice.value = typeof done === "string" ? done : done(answer);
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {name}
      </button>
      {isOpen ? (
        <Dialog title={title} onClose={close}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void act(event.currentTarget);
            }}
          >
            <p>{says}</p>
            {children}
            <p role="alert" class="problem">
              {problem}
            </p>
            <div class="buttons">
              <button type="button" onClick={close}>
                Back
              </button>
              <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isBusy}>
                {name}
              </button>
            </div>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
