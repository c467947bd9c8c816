import { openAsBlob } from "node:fs";
import { fail } from "../check/check";
import { describe, hubFetch, HubNotFound } from "./hub-fetch";
import type { HubConnection } from "./hub-fetch";

/** A file to upload: where it lies here, and its path in the repository. */
export interface Upload {
  readonly place: string;
  readonly path: string;
}

export interface UploadOptions extends HubConnection {
  /** Whether a repository that is made now is private. */
  readonly private: boolean;
  /** Title of the commit. */
  readonly message: string;
}

/** A commit that holds what was uploaded. */
export interface Uploaded {
  readonly repository: string;
  readonly commit: string;
  readonly url: string;
  readonly files: readonly string[];
}

/** How long a file's bytes may take: as long as the signal lets them. */
const A_DAY = 86_400_000;
/** The library asks for a token of this form; `hubFetch` puts the real one in its place, where it may go. */
const PLACEHOLDER = "hf_placeholder";

/**
 * Uploads files to a model repository of the hub, which is made where there is none, in one commit: all of them are there, or none.
 * @throws when the repository's name or the token is missing, the hub refuses (saying what to do) or cannot be reached; no message holds the token
 */
export async function uploadToHub(
  repository: string,
  uploads: readonly Upload[],
  options: UploadOptions,
): Promise<Uploaded> {
  const { endpoint, token, message } = options;
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(repository)) fail("repository", `a name like "me/my-model"`, repository);
  if (token === undefined || token === "")
    throw new Error("token: expected one with write access to the hub (an argument, or HF_TOKEN), got none");
  const connection = { ...options, access: "write" } as const;
  const asking = hubFetch(connection, repository);
  const sending = hubFetch({ ...connection, answerMs: A_DAY, attempts: 1 }, repository);
  const speak: typeof fetch = (input, init) => {
    const carries = init?.method === "PUT" || /\/commit\/[^/]+$/.test(new URL(String(input)).pathname);
    return (carries ? sending : asking)(input, init);
  };
  const repo = { type: "model", name: repository } as const;
  const common = { repo, hubUrl: endpoint, fetch: speak };
  try {
    requireEncryption(endpoint);
    const { createRepo, repoExists, uploadFiles } = await import("@huggingface/hub");
    const isThere = await repoExists(common).catch((error: unknown) => {
      if (error instanceof HubNotFound) return false;
      throw error;
    });
    if (!isThere)
      await createRepo({ ...common, accessToken: PLACEHOLDER, visibility: options.private ? "private" : "public" });
    const files = await Promise.all(
      uploads.map(async ({ place, path }) => ({ path, content: await openAsBlob(place) })),
    );
    // Of a signal of this call alone: the library listens to it and does not stop.
    const done = await uploadFiles({
      ...common,
      files,
      commitTitle: message,
      ...(options.signal === undefined ? {} : { abortSignal: AbortSignal.any([options.signal]) }),
    });
    if (done === undefined) return fail(repository, "a commit of the hub", "none");
    return {
      repository,
      commit: done.commit.oid,
      url: `${endpoint}/${repository}`,
      files: files.map(({ path }) => path),
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    // Without what caused it, which may hold the request.
    throw new Error(`${describe(error, token)}; nothing was committed`);
  }
}

/** A token that writes goes unencrypted to this machine only. */
function requireEncryption(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint);
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  if (protocol !== "https:" && !isHere)
    fail("hub endpoint", "an https address: plain http would show the token to others", endpoint);
}
