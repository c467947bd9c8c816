import { kernelRegistry, type Disposable } from "./kernel-registry";

/**
 * Gives the open value of `key`, opened only once: loading the same again, from this cell or another copy of this module, reuses it.
 * A slot holds one value: opening another key in the same slot disposes the old value first, so its memory is free before the new
 * one is read. Without a slot a key is its own. A value that failed to open, or that has ended since, is forgotten.
 * For example `const session = await registered("minilm fp32", () => openSession(model), "quick start")`.
 * @param key what the value is, in full: model file, engine, precision, adapter
 * @param slot what it replaces, for example "quick start"
 */
export async function registered<T extends Disposable>(key: string, open: () => Promise<T>, slot = key): Promise<T> {
  const entries = kernelRegistry().open;
  const old = entries.get(slot);
  if (old?.key === key) {
    const value = (await old.value) as T;
    if (value.hasEnded?.() !== true) return value;
    // Of several that find it ended, one forgets it and all open it again together.
    if (entries.get(slot) === old) entries.delete(slot);
    return registered(key, open, slot);
  }
  const value = (async () => {
    await disposeQuietly(old?.value);
    return open();
  })();
  const entry = { key, value };
  entries.set(slot, entry);
  try {
    return await value;
  } catch (error) {
    if (entries.get(slot) === entry) entries.delete(slot);
    throw error;
  }
}

/** Closes what a slot holds; nothing when it is empty. */
export async function unregister(slot: string): Promise<void> {
  const entries = kernelRegistry().open;
  const old = entries.get(slot);
  entries.delete(slot);
  await disposeQuietly(old?.value);
}

/** Gives the keys that are open, by slot. */
export function openKeys(): Readonly<Record<string, string>> {
  return Object.fromEntries([...kernelRegistry().open].map(([slot, { key }]) => [slot, key]));
}

/** A value that never opened needs no closing. */
async function disposeQuietly(value: Promise<Disposable> | undefined): Promise<void> {
  const opened = await value?.catch(() => undefined);
  await opened?.dispose();
}
