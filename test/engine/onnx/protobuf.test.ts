import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ProtoWriter } from "../../../src/engine/onnx/protobuf";

const test = suite("engine/onnx/protobuf");

test("writes integers as varints: 150 in field 1 is 08 96 01", () => {
  // 150 = 1 0010110b: low seven bits 0010110 with the continuation bit (0x96), then 1
  assert.equal([...new ProtoWriter().integer(1, 150).finish()], [0x08, 0x96, 0x01]);
});

test("writes -1 as ten bytes, sign-extended to 64 bits", () => {
  assert.equal([...new ProtoWriter().integer(2, -1).finish()], [0x10, ...Array<number>(9).fill(0xff), 0x01]);
});

test("writes text and nested messages with their lengths", () => {
  const bytes = new ProtoWriter().message(3, (m) => m.text(2, "hi")).finish();
  assert.equal([...bytes], [0x1a, 4, 0x12, 2, 0x68, 0x69]);
});

test("writes floats as four little-endian bytes", () => {
  assert.equal([...new ProtoWriter().float(2, 1).finish()], [0x15, 0, 0, 0x80, 0x3f]);
});

test.run();
