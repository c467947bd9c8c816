import { readFileSync } from "node:fs";
import { fail, show } from "../check/check";
import { messageOf } from "../check/error-words";
import { protoFields, type ProtoField } from "./protobuf-fields";

/** What a piece is; the numbers are those of SentencePiece files and of GGUF's `tokenizer.ggml.token_type`. */
export const PIECE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly text: string;
  /** BPE: the higher, the earlier two neighbours are joined to this piece. */
  readonly score: number;
  /** One of `PIECE`. */
  readonly type: number;
}

/** What a SentencePiece `.model` file says, as far as texts are split by it. */
export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  /** 1 unigram, 2 BPE, 3 word, 4 character. */
  readonly modelType: number;
  readonly byteFallback: boolean;
  /** Ids of special pieces; null where the model has none. */
  readonly unknown: number | null;
  readonly beginning: number | null;
  readonly end: number | null;
  readonly padding: number | null;
  /** Bytes of the table of normalizations; 0: texts are taken as they are. */
  readonly charsmapBytes: number;
  readonly dummyPrefix: boolean;
  readonly removeExtraSpaces: boolean;
  readonly escapeSpaces: boolean;
}

const LARGEST = 64 * 1024 * 1024;

/**
 * Reads a SentencePiece `.model` file (a protocol-buffer `ModelProto`): its path or its bytes.
 * For example `readSentencePiece("tokenizer.model").pieces[259]`: { text: "▁▁", score: -1000000000, type: 1 } with Llama-2's file.
 * @throws when it is missing, damaged, larger than 64 MiB, or its parts do not fit together
 * Source: field numbers and defaults of google/sentencepiece src/sentencepiece_model.proto.
 */
export function readSentencePiece(source: string | Uint8Array): SentencePieceModel {
  const where = typeof source === "string" ? source : "SentencePiece model";
  const bytes = typeof source === "string" ? read(source) : source;
  if (bytes.length > LARGEST) fail(where, `at most ${LARGEST} bytes`, bytes.length);
  const pieces: Piece[] = [];
  const trainer = new Map<number, bigint>();
  const normalizer = new Map<number, bigint>();
  let charsmapBytes = 0;
  for (const field of protoFields(bytes, where)) {
    if (field.number === 1) pieces.push(piece(message(field, where), `${where}: piece ${pieces.length}`));
    if (field.number === 2) numbersOf(message(field, where), `${where}: trainer_spec`, trainer);
    if (field.number === 3) {
      const spec = message(field, where);
      numbersOf(spec, `${where}: normalizer_spec`, normalizer);
      for (const { number, kind, value } of protoFields(spec, `${where}: normalizer_spec`))
        if (number === 2 && kind === "bytes") charsmapBytes = value.length;
    }
  }
  if (pieces.length === 0) fail(where, "a SentencePiece model with pieces", "none (another kind of file?)");
  const flag = (fields: ReadonlyMap<number, bigint>, number: number, otherwise: boolean): boolean =>
    (fields.get(number) ?? (otherwise ? 1n : 0n)) !== 0n;
  const special = (name: string, number: number, otherwise: number, types: readonly number[]): number | null => {
    const id = Number(BigInt.asIntN(32, trainer.get(number) ?? BigInt(otherwise)));
    if (id < 0) return null;
    const type = pieces[id]?.type;
    return type !== undefined && types.includes(type) ? id : fail(`${where}: ${name}`, "the id of such a piece", id);
  };
  const control = [PIECE.control, PIECE.userDefined];
  return {
    pieces,
    modelType: Number(trainer.get(3) ?? 1n),
    byteFallback: flag(trainer, 35, false),
    unknown: special("unk_id", 40, 0, [PIECE.unknown]),
    beginning: special("bos_id", 41, 1, control),
    end: special("eos_id", 42, 2, control),
    padding: special("pad_id", 43, -1, control),
    charsmapBytes,
    dummyPrefix: flag(normalizer, 3, true),
    removeExtraSpaces: flag(normalizer, 4, true),
    escapeSpaces: flag(normalizer, 5, true),
  };
}

function piece(bytes: Uint8Array, what: string): Piece {
  let found: Piece = { text: "", score: 0, type: PIECE.normal };
  for (const { number, kind, value } of protoFields(bytes, what)) {
    if (number === 1 && kind === "bytes") found = { ...found, text: text(value, what) };
    if (number === 2 && kind === "fixed" && value.length === 4)
      found = { ...found, score: new DataView(value.buffer, value.byteOffset).getFloat32(0, true) };
    if (number === 3 && kind === "varint") found = { ...found, type: Number(value) };
  }
  if (found.text === "") fail(what, "a piece with a text", "an empty one");
  if (!Number.isFinite(found.score)) fail(`${what}: score`, "a finite number", found.score);
  if (!(found.type >= 1 && found.type <= 6)) fail(`${what}: type`, "a type from 1 to 6", found.type);
  return found;
}

/** The last value of every varint field. */
function numbersOf(bytes: Uint8Array, what: string, into: Map<number, bigint>): void {
  for (const { number, kind, value } of protoFields(bytes, what)) if (kind === "varint") into.set(number, value);
}

function message(field: ProtoField, what: string): Uint8Array {
  return field.kind === "bytes" ? field.value : fail(`${what}: field ${field.number}`, "a message", field.kind);
}

function text(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(what, "a text in UTF-8", "other bytes");
  }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`tokenizer ${show(path)}: expected a SentencePiece model, got ${messageOf(error)}`);
  }
}
