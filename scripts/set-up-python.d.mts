export function pythonIsNewEnough(version: string): boolean;
