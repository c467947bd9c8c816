import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainData } from "../../src/check/plain-data";
import { throwsWith } from "../support/throws";

const test = suite("check/plain-data");

test("what JSON carries without a loss passes, and comes back as it is", () => {
  const value = { a: [1, "x", null, { b: true }], c: {} };
  assert.is(plainData("settings", value), value);
  const twice = { shared: value, again: value };
  assert.is(plainData("settings", twice), twice);
});

test("the place of what is not plain is named", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [NaN, "settings: expected plain data"],
    [{ a: [0, Infinity] }, "settings.a[1]: expected plain data"],
    [{ f: () => 0 }, "settings.f: expected plain data"],
    [{ n: 1n }, "settings.n: expected plain data"],
    [{ v: new Float32Array(1) }, "settings.v: expected plain data"],
    [new Map(), "settings: expected plain data"],
    [undefined, "settings: expected plain data"],
  ];
  for (const [value, message] of cases) throwsWith(() => plainData("settings", value), message);
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  throwsWith(() => plainData("settings", circle), "settings.self: expected plain data, got ");
});

test.run();
