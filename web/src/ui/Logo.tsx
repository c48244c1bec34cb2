/** Two ways to the same place: one straight, one around. */
export function Logo({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" fill="var(--c-accent)" />
      <path
        d="M8.5 20.5h15M8.5 20.5c0-12 15-12 15 0"
        stroke="var(--c-on-accent)"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <circle cx="8.5" cy="20.5" r="2.7" fill="var(--c-on-accent)" />
      <circle cx="23.5" cy="20.5" r="2.7" fill="var(--c-on-accent)" />
    </svg>
  );
}
