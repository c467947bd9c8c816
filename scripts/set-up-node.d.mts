export function nodeIsNewEnough(version: string): boolean;
export function packagesAreInstalled(folder?: string): boolean;
