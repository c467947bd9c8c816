import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Files of one branch: the path inside the repository, and the local file that is served for it, or its content. */
export type Served = Readonly<Record<string, string | Uint8Array>>;

/** A request as the faults of a test see it. */
export interface HubRequest {
  readonly path: string;
  /** How often this path was asked for before. */
  readonly before: number;
  readonly headers: IncomingMessage["headers"];
  readonly response: ServerResponse;
}

export interface HubServerOptions {
  readonly type?: "datasets" | "models";
  /** Answers in place of the server; returns whether it did. */
  readonly fault?: (request: HubRequest) => boolean;
  /** Changes a file's entry in the listing. */
  readonly listed?: (entry: Readonly<Record<string, unknown>>) => object;
  /** Names that a search finds. */
  readonly names?: readonly string[];
}

/** The commit of a branch here: any 40 digits that differ from branch to branch. */
export function commitOf(revision: string): string {
  return createHash("sha1").update(revision).digest("hex");
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const gitHash = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

const bytesOf = (served: string | Uint8Array): Uint8Array =>
  typeof served === "string" ? readFileSync(served) : served;

/**
 * A server on this machine that answers as the hub does: a branch's commit under /api/TYPE/NAME/revision/REVISION, listings under
 * /api/TYPE/NAME/tree/REVISION/FOLDER, files under /TYPE/NAME/resolve/REVISION/PATH (models: without TYPE) with ranges, and 404 with an
 * error code for what is not there. A revision is a branch or its commit; safetensors and GGUF files are "large", with SHA-256.
 */
export async function hubServer(
  name: string,
  revisions: Readonly<Record<string, Served>>,
  { type = "datasets", fault = () => false, listed = (entry) => entry, names = [] }: HubServerOptions = {},
) {
  const requests: string[] = [];
  const asked: HubRequest[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const path = decodeURIComponent(url.pathname);
    const before = requests.filter((other) => other === path).length;
    requests.push(path);
    const seen = { path, before, headers: request.headers, response };
    asked.push(seen);
    if (fault(seen)) return;
    const json = (value: unknown): void =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    const missing = (code: string): void =>
      void response
        .writeHead(404, { "content-type": "application/json", "x-error-code": code })
        .end(`{"error":"${code}"}`);
    if (path === "/api/models" && type === "models") return json(names.map((id) => ({ id, _id: id, modelId: id })));
    const own = [`/api/${type}/${name}/`, `/${type === "models" ? "" : "datasets/"}${name}/`];
    if (!own.some((start) => path.startsWith(start))) return missing("RepoNotFound");
    for (const [revision, files] of Object.entries(revisions))
      for (const known of [revision, commitOf(revision)]) {
        if (path === `${own[0]}revision/${known}`) return json({ id: name, _id: name, sha: commitOf(revision) });
        const tree = `${own[0]}tree/${known}`;
        if (path === tree || path.startsWith(`${tree}/`)) {
          const folder = path.slice(tree.length + 1);
          const found = Object.entries(files).filter(([file]) => folder === "" || file.startsWith(`${folder}/`));
          return found.length === 0 ? missing("EntryNotFound") : json(found.map((entry) => listed(entryOf(...entry))));
        }
        const resolve = `${own[1]}resolve/${known}/`;
        if (path.startsWith(resolve)) {
          const served = files[path.slice(resolve.length)];
          return served === undefined ? missing("EntryNotFound") : send(bytesOf(served), request, response);
        }
      }
    return missing("RevisionNotFound");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((closed) => {
      server.closeAllConnections();
      server.close(() => closed());
    });
  return { endpoint, requests, asked, close };
}

function entryOf(path: string, served: string | Uint8Array): Readonly<Record<string, unknown>> {
  const bytes = bytesOf(served);
  const entry = { type: "file", path, oid: gitHash(bytes), size: bytes.length };
  const large = /\.(safetensors|gguf|bin)$/.test(path);
  return large ? { ...entry, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } } : entry;
}

function send(bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (!range) return void response.writeHead(200, { etag: '"0"', "content-length": bytes.length }).end(bytes);
  const start = Number(range[1]);
  const end = range[2] === "" ? bytes.length - 1 : Number(range[2]);
  const headers = { etag: '"0"', "content-range": `bytes ${start}-${end}/${bytes.length}` };
  response.writeHead(206, headers).end(bytes.subarray(start, end + 1));
}
