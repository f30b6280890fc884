import type { ComponentChildren } from 'preact';

import type { ArtName } from '../../components/art.tsx';

/** The window's changing part for one state of the ceremony; the frame around it stays and moves the focus. */
export interface StateView {
  /** Another key means another step for the user: the focus moves. */
  readonly key: string;
  /** Absent where the room is needed for a form or a longer text. */
  readonly art?: ArtName;
  /** The page's heading. */
  readonly title: string;
  /** What to do; announced when it changes. */
  readonly text?: string;
  readonly body?: ComponentChildren;
  /** The main button submits this form; without it, there is only the button that ends. */
  readonly submit?: { readonly form: string; readonly label: string };
  /** The ceremony is over: the button closes instead of cancelling. */
  readonly ended?: boolean;
}
