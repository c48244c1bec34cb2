/** Of fields that take text. */
export const inputLook =
  'w-full rounded-md border border-line-strong bg-raised px-3 text-base text-ink transition-colors duration-(--quick) ' +
  'hover:border-ink-faint focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent ' +
  'aria-invalid:border-danger aria-invalid:focus:outline-danger';
