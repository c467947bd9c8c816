export function onlyOne<T>(lock: string, what: string, work: () => T | Promise<T>): Promise<T>;
