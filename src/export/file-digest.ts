import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename } from "node:path";

/** What a file is known by. */
export interface FileDigest {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

const PIECE = 1 << 22;

/** Gives a file's name without its folder, its size and the SHA-256 of its content, read piece by piece. @throws when it cannot be read */
export function fileDigest(path: string): FileDigest {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, "r");
  try {
    for (let got = readSync(file, piece, 0, PIECE, null); got > 0; got = readSync(file, piece, 0, PIECE, null))
      hash.update(piece.subarray(0, got));
  } finally {
    closeSync(file);
  }
  return { name: basename(path), bytes: statSync(path).size, sha256: hash.digest("hex") };
}
