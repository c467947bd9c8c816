import { existsSync } from "node:fs";

/** Checks that nothing is lost by writing under a name. @throws when it is taken and must not be replaced */
export function requireFree(path: string, replace: boolean): void {
  if (!replace && existsSync(path))
    throw new Error(
      `${path}: expected a name that is free, got one that is there already; choose another, or say { replace: true }`,
    );
}
