import type { RangeFile } from "./range-file";

export type FileKind = "gguf" | "pickle" | "lfs" | "html" | "safetensors" | "unknown";

/**
 * Gives what the first bytes of a file say it is. Safetensors has no magic: eight bytes of header length, then "{".
 * For example `sniff(openRange("pytorch_model.bin"))`: "pickle".
 */
export function sniff(file: RangeFile): FileKind {
  const start = Buffer.from(file.bytes(0, Math.min(file.size, 64)));
  const text = start.toString("latin1");
  if (text.startsWith("GGUF")) return "gguf";
  if (text.startsWith("version https://git-lfs")) return "lfs";
  if (/^\s*<(!doctype|html)/i.test(text)) return "html";
  if (start.length > 8 && start[8] === 0x7b) return "safetensors";
  // A zip archive (PyTorch 1.6 and later) or a pickle of protocol 2 to 5.
  if (text.startsWith("PK\x03\x04") || (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5)) return "pickle";
  return "unknown";
}

/** What each kind is called in messages, with what to do. */
export const ADVICE: Readonly<Record<FileKind, string>> = {
  gguf: "a GGUF file",
  safetensors: "a safetensors file",
  pickle:
    "a PyTorch pickle, which can run code when it is loaded and is refused; convert it with safetensors.torch.save_file",
  lfs: "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
  html: "a web page; the download address was not that of the file",
  unknown: "none of the formats that are read here (safetensors, GGUF)",
};

/** @throws when the file is not of the expected kind, saying what it is and what to do */
export function requireKind(file: RangeFile, expected: "gguf" | "safetensors"): void {
  const kind = sniff(file);
  if (kind !== expected) throw new Error(`${file.path}: expected ${ADVICE[expected]}, got ${ADVICE[kind]}`);
}
