import type { ComponentChildren } from "preact";
import { Dialog } from "../../parts/dialog.js";

export interface DialogFormProps {
  readonly title: string;
  /** What went wrong, or "". */
  readonly problem: string;
  readonly onSubmit: (form: HTMLFormElement) => Promise<void>;
  readonly onClose: () => void;
  /** The button that submits. */
  readonly submit: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A dialog that asks before something is done. */
export function DialogForm(props: DialogFormProps) {
  const { title, problem, onSubmit, onClose, submit, children } = props;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void onSubmit(event.currentTarget);
        }}
      >
        {children}
        <p role="alert" class="problem">
          {problem}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Back
          </button>
          {submit}
        </div>
      </form>
    </Dialog>
  );
}
