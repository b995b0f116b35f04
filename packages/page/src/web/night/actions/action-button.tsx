import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ask, type SentRequest } from "../requests.js";
import { usePage } from "../state.js";
import { DialogForm } from "./dialog-form.js";

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
        <DialogForm
          title={title}
          problem={problem}
          onSubmit={act}
          onClose={close}
          submit={
            <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isBusy}>
              {name}
            </button>
          }
        >
          <p>{says}</p>
          {children}
        </DialogForm>
      ) : null}
    </>
  );
}
