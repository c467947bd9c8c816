import { fail } from "../check/check";
import { messageOf } from "../check/error-words";

/** A hub and how it is spoken to. The token goes to this endpoint only, unencrypted to this machine only, and into no message. */
export interface HubConnection {
  /** For example "https://huggingface.co". */
  readonly endpoint: string;
  /** For private and gated repositories. */
  readonly token?: string | undefined;
  /** How long a request may wait for its first answer. Default 10000. */
  readonly answerMs?: number | undefined;
  /** How often a request is made before its failure counts (no answer, 429, 5xx). Default 5. */
  readonly attempts?: number | undefined;
  /** The wait before the second attempt; it doubles with each. Default 500. */
  readonly retryMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the token must allow, for messages. Default "read". */
  readonly access?: "read" | "write" | undefined;
}

/** Told before a request is made again. */
export type RetryListener = (reason: string, waitMs: number) => void;

/** A connection could not be made: the hub may have nothing against the request. */
export class HubUnreachable extends Error {}

const LONGEST_WAIT = 60_000;

/**
 * Makes a fetch for @huggingface/hub, with what that library does not do: it waits for an answer only so long, tries again after broken
 * connections, 429 (as long as `Retry-After` says) and 5xx, and explains other refusals.
 * @param whole whether an answer counts when all of it is there, as it must for a listing; a file's bytes are waited for by who reads them
 * @throws (when called) HubUnreachable without an answer; an error that says what to do for 401, 403, 404 and the rest
 */
export function hubFetch(
  connection: HubConnection,
  repository: string,
  retried: RetryListener = () => undefined,
  whole = false,
): typeof fetch {
  const { endpoint, token, answerMs = 10_000, attempts = 5, retryMs = 500, signal, access = "read" } = connection;
  const { origin, protocol, hostname } = checkedEndpoint(endpoint);
  const mayCarry = protocol === "https:" || isThisMachine(hostname);

  const once = async (url: URL, init: RequestInit): Promise<Response | string> => {
    const headers = new Headers(init.headers);
    // A listing may continue, and a file may lie, at another address: that one gets no token.
    if (token !== undefined && mayCarry && url.origin === origin) headers.set("authorization", `Bearer ${token}`);
    const patience = new AbortController();
    const stop = (): void => patience.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => patience.abort(new Error("too late")), answerMs);
    try {
      const response = await fetch(url, { ...init, headers, signal: patience.signal });
      if (response.ok && whole) {
        timer.refresh();
        return new Response(await response.arrayBuffer(), { status: response.status, headers: response.headers });
      }
      if (response.status !== 429 && response.status < 500) return response;
      await response.body?.cancel();
      const asked = retryAfter(response.headers.get("retry-after"));
      return `answered ${response.status}${asked === null ? "" : `, asks for ${asked / 1000} s of patience`}\n${asked ?? ""}`;
    } catch (error) {
      signal?.throwIfAborted();
      return patience.signal.aborted ? `no answer within ${answerMs / 1000} s\n` : `${describe(error, token)}\n`;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  };

  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    let reason = "";
    for (let attempt = 1; attempt <= attempts; attempt++) {
      signal?.throwIfAborted();
      const answer = await once(url, init);
      if (answer instanceof Response) {
        if (answer.ok || answer.status === 416) return answer;
        throw await refusal(answer, {
          endpoint,
          repository,
          token: token === undefined ? "none" : mayCarry ? "sent" : "kept",
          access,
        });
      }
      const [what = "", asked = ""] = answer.split("\n");
      reason = what;
      const wait = Math.max(retryMs * 2 ** (attempt - 1), Number(asked));
      if (wait > LONGEST_WAIT || attempt === attempts) break;
      retried(reason, wait);
      await pause(wait, signal);
    }
    throw new HubUnreachable(`${url.origin}: ${reason}`);
  };
}

/**
 * Reads a hub's address.
 * @throws when it is no http address, or has a password in it (which is not repeated)
 */
function checkedEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url && (url.username !== "" || url.password !== ""))
    throw new Error("hub endpoint: expected an address without a user name or password, got one with; use a token");
  return url && /^https?:$/.test(url.protocol)
    ? url
    : fail("hub endpoint", `an address such as "https://huggingface.co"`, endpoint);
}

/** Whether what is sent to this host stays on this machine. */
function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

interface Asked {
  readonly endpoint: string;
  readonly repository: string;
  /** "kept": there is one, which is not sent without encryption. */
  readonly token: "none" | "sent" | "kept";
  readonly access: "read" | "write";
}

/** What a refused request means and what to do. */
async function refusal(response: Response, { endpoint, repository, token, access }: Asked): Promise<Error> {
  const code = response.headers.get("x-error-code") ?? "";
  await response.body?.cancel();
  const hasToken = token !== "none";
  const kept =
    token === "kept" ? " (HF_TOKEN was not sent: plain http would show it to others; use an https address)" : "";
  const what = `${repository}: the hub answered ${response.status}${kept}`;
  const page = `${endpoint}/${repository}`;
  if (code === "GatedRepo")
    return new Error(
      `${what}: the repository is gated. Accept its terms on ${page} with your account` +
        (hasToken
          ? "; the token's account has not been granted access"
          : ", then set HF_TOKEN to a token of that account"),
    );
  switch (response.status) {
    case 401:
      return new Error(
        hasToken
          ? `${what}: the token was not accepted, or the repository does not exist; make a new token with ${access} access and set HF_TOKEN`
          : `${what}: the repository does not exist, is private, or is gated; check the name, or set HF_TOKEN to a token with ${access} access`,
      );
    case 403:
      return new Error(
        `${what}: access denied; ask for it on ${page}, and give the token ${access} access to this repository`,
      );
    case 404:
      return code === "RevisionNotFound"
        ? new HubNoRevision(
            `${what}: it has no such revision; use a branch, tag or commit that ${page} lists, for example "main"`,
          )
        : new HubNotFound(`${what}: there is no such repository or file; check the name`);
    default:
      return new Error(`${what}${code === "" ? "" : ` (${code})`}`);
  }
}

/** The hub answers, and does not have it. */
export class HubNotFound extends Error {}
export class HubNoRevision extends HubNotFound {}

/** Gives an error's message with what fetch hides in `cause`, and without the token. */
export function describe(error: unknown, token?: string): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
  const message = `${messageOf(error)}${cause}`;
  return token === undefined || token === "" ? message : message.replaceAll(token, "(token)");
}
