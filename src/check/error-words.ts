import { show } from "./check";

/** Gives what a thrown value says: an error's message, and the text of anything else, as anything can be thrown. @example messageOf(new Error("no room")) // "no room" */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  // What has no text of its own is shown with what it holds.
  return typeof error === "object" && error !== null && error.toString === Object.prototype.toString ? show(error) : String(error); // prettier-ignore
}

/** Gives the code by which Node names a system's error, such as "ENOENT"; "" where there is none. @example codeOf(Object.assign(new Error("gone"), { code: "ENOENT" })) // "ENOENT" */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
