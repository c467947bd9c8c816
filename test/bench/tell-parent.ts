/** Ends a process of a measurement: what it found goes to its parent as one line of JSON, an error to the terminal with status 1. */
export function tellParent(measure: () => Promise<object>): void {
  measure().then(
    (found) => {
      console.log(JSON.stringify(found));
      process.exit(0);
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
