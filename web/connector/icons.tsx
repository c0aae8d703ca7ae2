/** Two pictures that ask the question without words: a phone that keeps a clear point, a phone that a blurred one leaves. */
import type { JSX } from "preact";

export function KeepIcon(): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 56 40" aria-hidden="true">
      <rect class="phone" x="17" y="3" width="22" height="34" rx="4.5" />
      <circle class="clear" cx="28" cy="20" r="4" />
    </svg>
  );
}

export function LeaveIcon(): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 56 40" aria-hidden="true">
      <rect class="phone" x="3" y="3" width="22" height="34" rx="4.5" />
      <circle class="clear faded" cx="14" cy="20" r="4" />
      <path class="way" d="M27 20h8" />
      <circle class="blur" cx="45" cy="20" r="10" opacity=".22" />
      <circle class="blur" cx="45" cy="20" r="7" opacity=".35" />
      <circle class="blur" cx="45" cy="20" r="4" opacity=".5" />
    </svg>
  );
}
