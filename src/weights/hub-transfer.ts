import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { makeFolder } from "../disk/make-folder";
import { besideOf, leftoversOf } from "../disk/whole-file";
import { describe, pause, type RetryListener } from "./hub-fetch";

/** What the hub says a file's content is. `sha256` for large files; small ones have Git's name of the content, which is SHA-1. */
export interface Content {
  readonly size: number;
  readonly digest: { readonly kind: "sha256" | "git"; readonly value: string };
}

export interface TransferOptions {
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
  /** Connections that may break without a new byte before it is given up. Default 5. */
  readonly attempts?: number | undefined;
  /** How long a connection may be silent. Default 30000. */
  readonly silenceMs?: number | undefined;
  readonly retryMs?: number | undefined;
  readonly onBytes: (done: number) => void;
  readonly retried: RetryListener;
}

/**
 * Downloads a file to `blob`, which then is there whole and with the content that the hub promised, or not at all. Bytes that came stay
 * in an ".incomplete" file and the next attempt, in this process or a later one, asks for the rest only.
 * @throws when the content is another one (nothing is kept), the connection broke too often, or `signal` was aborted
 */
export async function transfer(url: string, blob: string, content: Content, options: TransferOptions): Promise<void> {
  makeFolder(dirname(blob));
  const partial = claimPartial(blob);
  try {
    for (let again = false; ; again = true) {
      const resumed = existsSync(partial) && statSync(partial).size > 0;
      const found = await download(url, partial, content, options);
      if (found === content.digest.value) break;
      rmSync(partial, { force: true });
      // Bytes of an earlier attempt may have been damaged: once more from the beginning.
      if (!resumed || again)
        throw new Error(
          `${basename(url)}: expected content with ${content.digest.kind} ${content.digest.value}, got ${found}; nothing was kept, try again`,
        );
      options.retried("the content of a resumed download is not the promised one", 0);
    }
    renameSync(partial, blob);
  } catch (error) {
    if (existsSync(partial)) renameSync(partial, freePartial(blob));
    throw error;
  }
}

/** Appends what is missing, and returns the digest of everything. */
async function download(url: string, partial: string, content: Content, options: TransferOptions): Promise<string> {
  const { attempts = 5, retryMs = 500, signal, silenceMs = 30_000 } = options;
  let hash = newHash(content);
  let done = existsSync(partial) ? statSync(partial).size : 0;
  if (done > content.size) {
    rmSync(partial);
    done = 0;
  }
  if (done > 0) for await (const piece of createReadStream(partial)) hash.update(piece as Uint8Array);
  const file = openSync(partial, "a");
  try {
    let failures = 0;
    while (done < content.size) {
      const before = done;
      let reason = "the connection was closed early";
      const response = await options.fetch(url, done > 0 ? { headers: { range: `bytes=${done}-` } } : {});
      if (done > 0 && response.status === 200) {
        // The server does not know ranges, and sends all of it again.
        ftruncateSync(file);
        hash = newHash(content);
        done = 0;
      } else if (done > 0 && !continues(response, done)) {
        await response.body?.cancel();
        throw new Error(
          `${basename(url)}: expected the bytes from ${done} on, got another answer (${response.status})`,
        );
      }
      try {
        for await (const piece of pieces(response, silenceMs, signal)) {
          if (done + piece.length > content.size)
            throw new TooLong(`${basename(url)}: expected ${content.size} bytes, got more; nothing was kept`);
          for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
          hash.update(piece);
          done += piece.length;
          options.onBytes(done);
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof TooLong) {
          rmSync(partial, { force: true });
          throw error;
        }
        reason = describe(error);
      }
      if (done === content.size) break;
      failures = done > before ? 1 : failures + 1;
      if (failures >= attempts)
        throw new Error(
          `${basename(url)}: expected ${content.size} bytes, got ${done} (${reason}); call again to go on from there`,
        );
      const wait = retryMs * 2 ** (failures - 1);
      options.retried(`${reason} after ${done} of ${content.size} bytes`, wait);
      await pause(wait, signal);
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

class TooLong extends Error {}

function newHash({ size, digest }: Content): Hash {
  return digest.kind === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

function continues(response: Response, done: number): boolean {
  return response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${done}-`) === true;
}

async function* pieces(
  response: Response,
  silenceMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  let silent = false;
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const timer = setTimeout(() => {
        silent = true;
        stop();
      }, silenceMs);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      signal?.throwIfAborted();
      if (silent) throw new Error(`no byte within ${silenceMs / 1000} s`);
      if (done) return;
      yield value as Uint8Array;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** A partial file that nobody writes to. */
function freePartial(blob: string): string {
  return `${blob}.adazeta.incomplete`;
}

/**
 * A name for this download's partial file. A file that an earlier download left is taken over by renaming it, which only one process can;
 * so two processes that want the same file each load it, and both end with it whole.
 */
function claimPartial(blob: string): string {
  const mine = besideOf(blob, "incomplete");
  const left = leftoversOf(blob).filter(({ ending, dead }) => dead && ending === "incomplete");
  const found = [freePartial(blob), ...left.map(({ path }) => path)];
  for (const candidate of found) {
    try {
      renameSync(candidate, mine);
      break;
    } catch {
      // Not there, or another process was quicker.
    }
  }
  return mine;
}
