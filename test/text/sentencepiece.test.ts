import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ProtoWriter } from "../../src/engine/onnx/protobuf";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { protoFields } from "../../src/text/protobuf-fields";
import { bitsInto } from "../../src/random/bits";
import { randomKey } from "../../src/random/key";
import { PIECE, readSentencePiece, type Piece } from "../../src/text/sentencepiece-file";
import { tokenizerFromPieces, tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import type { GgufMetadata, GgufValue } from "../../src/weights/gguf-header";
import { throwsWith } from "../support/throws";

const test = suite("text/sentencepiece");
const fixture = new Uint8Array(readFileSync("test/fixtures/text/pieces.model"));
const corpus = JSON.parse(readFileSync("test/fixtures/text/corpus.json", "utf8")) as readonly string[];

const letters = ["a", "b", "▁", "aa", "ab", "▁a"];
const pieces: readonly Piece[] = [
  { text: "<unk>", score: 0, type: PIECE.unknown },
  { text: "<s>", score: 0, type: PIECE.control },
  ...Array.from({ length: 256 }, (_, byte) => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
    score: 0,
    type: PIECE.byte,
  })),
  ...letters.map((text, i) => ({ text, score: [-4, -5, -6, -1, -2, -3][i]!, type: PIECE.normal })),
];
const plain = { dummyPrefix: true, removeExtraSpaces: false, special: { unknown: "<unk>" }, before: null, after: null };
const [A, B, SPACE, AA, AB, SPACE_A] = letters.map((_, i) => 258 + i) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const byte = (value: number): number => 2 + value;

/** The metadata of a GGUF file with these pieces. */
function metadata(list: readonly Piece[], changes: Readonly<Record<string, GgufValue>> = {}): GgufMetadata {
  return new Map<string, GgufValue>(
    Object.entries({
      "tokenizer.ggml.model": "llama",
      "tokenizer.ggml.tokens": list.map(({ text }) => text),
      "tokenizer.ggml.scores": list.map(({ score }) => score),
      "tokenizer.ggml.token_type": list.map(({ type }) => type),
      "tokenizer.ggml.bos_token_id": 1,
      "tokenizer.ggml.eos_token_id": 2,
      ...changes,
    }),
  );
}

test("a piece of thousands of characters is refused: every place where it can be cut would be tried", () => {
  const long = { text: "a".repeat(100_000), score: -9, type: PIECE.normal };
  throwsWith(
    () => tokenizerFromPieces({ ...plain, pieces: [...pieces, long] }),
    "expected at most 256 characters, got 100000",
  );
});

test("neighbours that score highest are joined first, the leftmost of equals", () => {
  const tokenizer = tokenizerFromPieces({ ...plain, pieces });
  // "▁aaab": aa (-1) at its first place leaves ▁ aa a b; then ab (-2): ▁ aa ab; ▁aa is no piece.
  assert.equal(tokenizer.encode("aaab"), [SPACE, AA, AB]);
  assert.equal(tokenizer.encode("a"), [SPACE_A]);
  assert.equal(tokenizer.encode(""), []);
  assert.equal(tokenizer.continuation("a a"), [A, SPACE_A]);
  assert.equal(tokenizer.continuation("b"), [B]);
});

test("a character without a piece is its UTF-8 bytes, and comes back from them", () => {
  const tokenizer = tokenizerFromPieces({ ...plain, pieces });
  // U+20AC is E2 82 AC; U+FEFF is EF BB BF
  const ids = [SPACE_A, byte(0xe2), byte(0x82), byte(0xac)];
  assert.equal(tokenizer.encode("a€"), ids);
  assert.is(tokenizer.decode(ids), "a€");
  assert.is(tokenizer.decode([SPACE_A, byte(0xef), byte(0xbb), byte(0xbf)]), "a\ufeff");
  assert.is(tokenizer.decode([SPACE_A, byte(0xe2), byte(0x82), A]), "a\ufffd\ufffda");
  assert.is(tokenizer.decode([byte(0x41), byte(0xff), byte(0x42)]), "A\ufffdB");
});

test("without byte pieces, what has no piece is the unknown one, once for a run", () => {
  const few = pieces.filter(({ type }) => type !== PIECE.byte);
  assert.equal(tokenizerFromPieces({ ...plain, pieces: few }).encode("a€€b"), [7, 0, 3]);
});

test("control pieces are found in a text; the space goes before what follows one", () => {
  const tokenizer = tokenizerFromPieces({ ...plain, pieces, before: "<s>" });
  assert.equal(tokenizer.encode("b<s>a"), [1, SPACE, B, 1, SPACE_A]);
  assert.is(tokenizer.decode([1, SPACE_A]), "<s> a");
});

test("the file's pieces, flags and special ids are read", () => {
  const model = readSentencePiece(fixture);
  const { pieces: list, ...rest } = model;
  assert.is(list.length, 900);
  assert.equal(list.slice(0, 4), [
    { text: "<unk>", score: 0, type: PIECE.unknown },
    { text: "<s>", score: 0, type: PIECE.control },
    { text: "</s>", score: 0, type: PIECE.control },
    { text: "<0x00>", score: 0, type: PIECE.byte },
  ]);
  assert.equal(rest, {
    modelType: 2,
    byteFallback: true,
    unknown: 0,
    beginning: 1,
    end: 2,
    padding: null,
    charsmapBytes: 0,
    dummyPrefix: true,
    removeExtraSpaces: false,
    escapeSpaces: true,
  });
  const { special } = tokenizerFromSentencePiece(fixture);
  assert.equal(special, { unknown: 0, beginning: 1, end: 2, mask: null, padding: null });
});

test("GGUF metadata with the same pieces gives the same ids and texts", () => {
  const { pieces: list } = readSentencePiece(fixture);
  const [own, gguf] = [tokenizerFromSentencePiece(fixture), tokenizerFromGguf(metadata(list))];
  assert.equal(gguf.special, own.special);
  for (const text of corpus) {
    const ids = own.encode(text);
    assert.equal(gguf.encode(text), ids);
    assert.equal(gguf.continuation(text), own.continuation(text));
    // Without control pieces in the text, decoding gives it back ("▁" stands for a space).
    if (!/<s>|<\/s>|<unk>/.test(text)) assert.is(gguf.decode(ids.slice(1)), text.replaceAll("▁", " "));
  }
  const without = metadata(list, { "tokenizer.ggml.add_bos_token": false, "tokenizer.ggml.add_space_prefix": false });
  assert.equal(tokenizerFromGguf(without).encode("the"), own.continuation("the"));
});

test("GGUF metadata whose lists do not fit are refused", () => {
  const refused = (changes: Readonly<Record<string, GgufValue>>, text: string): void =>
    throwsWith(() => tokenizerFromGguf(metadata(pieces, changes)), text);
  refused({ "tokenizer.ggml.scores": [1] }, "tokenizer.ggml.scores: expected length 264, got 1");
  refused({ "tokenizer.ggml.bos_token_id": 1000 }, "bos_token_id: expected the id of a token, got 1000");
  refused({ "tokenizer.ggml.precompiled_charsmap": [1, 2] }, "precompiled_charsmap: expected none");
});

test("models of other kinds are refused with the reason", () => {
  const model = (trainer: (w: ProtoWriter) => void, normalizer: (w: ProtoWriter) => void = () => {}): Uint8Array =>
    new ProtoWriter()
      .message(1, (w) => w.text(1, "<unk>").integer(3, 2))
      .message(2, (w) => trainer(w.integer(41, -1).integer(42, -1)))
      .message(3, normalizer)
      .finish();
  const refused = (bytes: Uint8Array, text: string): void => throwsWith(() => tokenizerFromSentencePiece(bytes), text);
  refused(
    model((w) => w.integer(3, 1)),
    "model type: expected 2, BPE (unigram models are not read), got 1",
  );
  refused(
    model(
      (w) => w.integer(3, 2),
      (w) => w.bytes(2, Uint8Array.of(1, 2, 3)),
    ),
    'normalizer: expected no table of normalizations (it is not read), got "3 bytes"',
  );
  refused(
    model((w) => w.integer(3, 2).integer(35, 1)),
    "byte_fallback: expected to be set exactly where there are byte pieces, got true",
  );
  refused(
    model((w) => w.integer(40, 7)),
    "unk_id: expected the id of such a piece, got 7",
  );
  refused(new Uint8Array(0), "expected a SentencePiece model with pieces, got");
  refused(fixture.subarray(0, 1000), "truncated?");
  refused(new TextEncoder().encode("<!doctype html><html></html>"), "SentencePiece model: expected");
  throwsWith(() => tokenizerFromPieces({ ...plain, pieces: [...pieces, pieces[0]!] }), "265 distinct pieces, got 264");
  throwsWith(
    () => tokenizerFromPieces({ ...plain, pieces: pieces.slice(0, 20) }),
    "byte pieces: expected none or 256, got 18",
  );
  throwsWith(() => tokenizerFromSentencePiece("absent.model"), "expected a SentencePiece model, got ENOENT");
});

test("protocol-buffer fields: 42 under number 1, and what is no message", () => {
  const fields = (...bytes: readonly number[]): readonly unknown[] => [...protoFields(Uint8Array.from(bytes), "file")];
  assert.equal(fields(0x08, 0x2a), [{ number: 1, kind: "varint", value: 42n }]);
  assert.equal(fields(0x12, 1, 7), [{ number: 2, kind: "bytes", value: Uint8Array.of(7) }]);
  assert.equal(fields(0x15, 0, 0, 128, 63), [{ number: 2, kind: "fixed", value: Uint8Array.of(0, 0, 128, 63) }]);
  throwsWith(() => fields(0x08), "file: expected a whole number that ends");
  throwsWith(() => fields(0x12, 200, 1, 0), "a field of at most 1 bytes, what is left (truncated?), got 200");
  throwsWith(() => fields(0x0b), "a wire type of protocol buffers: 0, 1, 2 or 5, got 3");
  throwsWith(() => fields(0x00, 1), "a field number from 1 to 2^29 - 1, got 0");
  throwsWith(() => fields(0x08, ...Array.from({ length: 11 }, () => 0xff)), "at most ten bytes");
});

test("5,000 damaged files are read or refused with a message, never more", () => {
  const start = fixture.slice(0, 1500);
  let refused = 0;
  for (let run = 0; run < 5000; run++) {
    const bytes = damaged(run % 2 === 0 ? start : fixture.subarray(fixture.length - 1500), run);
    try {
      readSentencePiece(bytes);
    } catch (error) {
      assert.match((error as Error).message, /^SentencePiece model.*: expected .*, got /);
      refused += 1;
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});

/** A copy with one to four bytes changed, and sometimes cut off. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const drawn = new Uint32Array(16);
  bitsInto(randomKey(seed, "check"), drawn);
  let next = 0;
  const draw = (): number => drawn[next++]!;
  const copy = bytes.slice(0, draw() % 4 === 0 ? draw() % bytes.length : bytes.length);
  for (let changes = 1 + (draw() % 4); changes > 0 && copy.length > 0; changes--)
    copy[draw() % copy.length] = draw() % 256;
  return copy;
}

test.run();
