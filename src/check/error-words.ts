/** Gives what a thrown value says: an error's message, and the text of anything else, as anything can be thrown. @example messageOf(new Error("no room")) // "no room" */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Gives the code by which Node names a system's error, such as "ENOENT"; "" where there is none. @example codeOf(Object.assign(new Error("gone"), { code: "ENOENT" })) // "ENOENT" */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
