import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Files of one branch: the path inside the dataset, and the local file that is served for it. */
export type Served = Readonly<Record<string, string>>;

/**
 * A server on this machine that answers as the hub does: listings under /api/datasets/NAME/tree/REVISION/FOLDER, files under
 * /datasets/NAME/resolve/REVISION/PATH with ranges, and 404 with an error code for what is not there.
 */
export async function hubServer(name: string, revisions: Readonly<Record<string, Served>>) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    requests.push(path);
    const missing = (code: string) =>
      response.writeHead(404, { "content-type": "application/json", "x-error-code": code }).end(`{"error":"${code}"}`);
    for (const [revision, files] of Object.entries(revisions)) {
      const tree = `/api/datasets/${name}/tree/${revision}/`;
      const resolve = `/datasets/${name}/resolve/${revision}/`;
      if (path.startsWith(tree)) {
        const folder = path.slice(tree.length);
        const listed = Object.keys(files).filter((file) => file.startsWith(`${folder}/`));
        if (listed.length === 0) return void missing("EntryNotFound");
        const entries = listed.map((file) => ({ type: "file", path: file, oid: "0", size: 1 }));
        return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(entries));
      }
      if (path.startsWith(resolve)) {
        const local = files[path.slice(resolve.length)];
        if (local === undefined) return void missing("EntryNotFound");
        const bytes = readFileSync(local);
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
        if (!range) return void response.writeHead(200, { etag: '"0"' }).end(bytes);
        const [start, end] = [Number(range[1]), Number(range[2])];
        const headers = { etag: '"0"', "content-range": `bytes ${start}-${end}/${bytes.length}` };
        return void response.writeHead(206, headers).end(bytes.subarray(start, end + 1));
      }
    }
    return void missing("RevisionNotFound");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((closed) => {
      server.closeAllConnections();
      server.close(() => closed());
    });
  return { endpoint, requests, close };
}
