/** Stand-in until the package's indicator is there. */
export function ConnectionNote() {
  return null;
}
