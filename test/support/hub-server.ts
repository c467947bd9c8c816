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
  /** Takes uploads of who has this token, as the hub does; without it nothing is taken. */
  readonly writer?: string;
}

/** A commit that was uploaded. */
export interface TakenCommit {
  readonly title: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
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
  { type = "datasets", fault = () => false, listed = (entry) => entry, names = [], writer }: HubServerOptions = {},
) {
  const requests: string[] = [];
  const asked: HubRequest[] = [];
  /** Visibility of the repositories that were made, by name. */
  const made = new Map<string, unknown>();
  const commits: TakenCommit[] = [];
  const takes =
    writer === undefined ? null : uploadTaker(writer, name, Object.keys(revisions).length > 0, made, commits);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const path = decodeURIComponent(url.pathname);
    const before = requests.filter((other) => other === path).length;
    requests.push(path);
    const seen = { path, before, headers: request.headers, response };
    asked.push(seen);
    if (fault(seen)) return;
    if (takes?.(request, response, path) === true) return;
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
  return { endpoint, requests, asked, made, commits, close };
}

/**
 * Makes a handler of what the hub's uploads ask for: whether a repository is there, to make one, which files are large, where their bytes go, and a
 * commit of all, whose large files must have arrived with the digest they were announced with. Says whether a request was one of these.
 */
function uploadTaker(
  writer: string,
  name: string,
  isThere: boolean,
  made: Map<string, unknown>,
  commits: TakenCommit[],
): (request: IncomingMessage, response: ServerResponse, path: string) => boolean {
  const stored = new Map<string, Uint8Array>();
  const api = `/api/models/${name}`;
  const answer = (response: ServerResponse, status: number, value: object): void =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const handlers: readonly (readonly [
    RegExp,
    (body: Buffer, request: IncomingMessage) => readonly [number, object],
  ])[] = [
    [
      new RegExp(`^GET ${api}$`),
      () => (isThere || made.has(name) ? [200, { id: name }] : [404, { error: "RepoNotFound" }]),
    ],
    [
      /^POST \/api\/repos\/create$/,
      (body) => {
        const asked = JSON.parse(body.toString()) as Readonly<Record<string, string>>;
        made.set(`${asked["organization"]}/${asked["name"]}`, asked["visibility"]);
        return [200, { url: `/${name}`, id: name }];
      },
    ],
    [
      new RegExp(`^POST ${api}/preupload/main$`),
      (body) => {
        const { files } = JSON.parse(body.toString()) as { readonly files: readonly { readonly path: string }[] };
        const mode = (path: string): string => (/\.(safetensors|gguf)$/.test(path) ? "lfs" : "regular");
        return [200, { files: files.map(({ path }) => ({ path, uploadMode: mode(path) })) }];
      },
    ],
    [
      new RegExp(`^POST /${name}\\.git/info/lfs/objects/batch$`),
      (body, request) => {
        const { objects } = JSON.parse(body.toString()) as { readonly objects: readonly { readonly oid: string; readonly size: number }[] }; // prettier-ignore
        const place = (oid: string): object => ({ upload: { href: `http://${request.headers.host}/lfs/${oid}` } });
        return [
          200,
          { transfer: "basic", objects: objects.map(({ oid, size }) => ({ oid, size, actions: place(oid) })) },
        ];
      },
    ],
    [
      /^PUT \/lfs\/[0-9a-f]{64}$/,
      (body, request) => {
        const oid = (request.url ?? "").slice("/lfs/".length);
        if (sha256(body) !== oid) return [400, { error: "another digest" }];
        stored.set(oid, body);
        return [200, {}];
      },
    ],
    [
      new RegExp(`^POST ${api}/commit/main$`),
      (body) => {
        const lines = body.toString().split("\n").map((line) => JSON.parse(line) as { readonly key: string; readonly value: Readonly<Record<string, string>> }); // prettier-ignore
        const files = new Map<string, Uint8Array>();
        for (const { key, value } of lines) {
          if (key === "file") files.set(value["path"]!, Buffer.from(value["content"]!, "base64"));
          if (key !== "lfsFile") continue;
          const bytes = stored.get(value["oid"]!);
          if (bytes === undefined) return [400, { error: `the bytes of ${value["path"]} did not arrive` }];
          files.set(value["path"]!, bytes);
        }
        commits.push({ title: lines.find(({ key }) => key === "header")!.value["summary"]!, files });
        return [200, { success: true, commitOid: commitOf(String(commits.length)), commitUrl: `/${name}/commit`, hookOutput: "" }]; // prettier-ignore
      },
    ],
  ];
  return (request, response, path) => {
    const [, handler] = handlers.find(([asked]) => asked.test(`${request.method} ${path}`)) ?? [];
    if (handler === undefined) return false;
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const signed = path.startsWith("/lfs/") || request.headers.authorization === `Bearer ${writer}`;
      if (!signed) return answer(response, 401, { error: "Invalid credentials" });
      answer(response, ...handler(Buffer.concat(pieces), request));
    });
    return true;
  };
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
