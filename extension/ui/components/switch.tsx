import type { JSX } from 'preact';

interface SwitchProps {
  /** Unique in the document. */
  readonly id: string;
  readonly label: string;
  /** What it means as it stands; read out when it changes. */
  readonly state: string;
  readonly on: boolean;
  /** Why the user cannot change it. */
  readonly locked?: string | undefined;
  readonly onChange: (on: boolean) => void;
}

/** A switch with its label and what it means. One that is locked stays in the order of focus, so that its reason is read. */
export function Switch({ id, label, state, on, locked, onChange }: SwitchProps): JSX.Element {
  return (
    <div class="switch-row">
      <div>
        <p id={`${id}-label`} class="strong">
          {label}
        </p>
        <p id={`${id}-state`} class="hint" role="status">
          {state}
        </p>
        {locked !== undefined && (
          <p id={`${id}-lock`} class="hint">
            {locked}
          </p>
        )}
      </div>
      <button
        type="button"
        class="switch"
        role="switch"
        aria-checked={on}
        aria-disabled={locked !== undefined}
        aria-labelledby={`${id}-label`}
        aria-describedby={locked === undefined ? `${id}-state` : `${id}-state ${id}-lock`}
        onClick={() => {
          if (locked === undefined) onChange(!on);
        }}
      />
    </div>
  );
}
