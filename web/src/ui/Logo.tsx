/** A straight line and one that joins it: two transports with the same destination. */
export function Logo({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" fill="var(--c-accent)" />
      <path
        d="M7.5 11.5h17M7.5 20.5h4c5.5 0 4.5-9 10-9"
        stroke="var(--c-on-accent)"
        strokeWidth="2.7"
        strokeLinecap="round"
      />
      <circle cx="22.6" cy="11.5" r="3.4" fill="var(--c-on-accent)" />
    </svg>
  );
}
