import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gpuCheck, isWrong } from "./gpu-check";
import type { GpuReport } from "./gpu-check";

const test = suite("bench/gpu-check");

test("the CPU's speed is measured, a provider that does not open says why, and the report is saved as it grows", async () => {
  const saved: GpuReport[] = [];
  const save = (report: GpuReport): void => void saved.push(report);
  const report = await gpuCheck({ providers: ["tpu" as "cuda"], size: "tiny", minutes: 5, threads: 1, save });
  const [cpu, other] = report.providers;
  assert.match(String(cpu?.told), "computes on the CPU");
  assert.equal(
    cpu?.speed?.steps.map(({ queries, tokensPerSecond }) => [queries, tokensPerSecond > 0]),
    [1, 4, 15].map((queries) => [queries, true]),
  );
  assert.equal([other?.told, other?.speed], [null, null]);
  assert.match(String(other?.left[0]), "provider: expected one of cpu, webgpu, cuda");
  assert.equal(
    saved.map(({ providers }) => providers.length),
    [1, 2],
  );
});

test("time that is over leaves out what does not fit, and says so", async () => {
  const { providers } = await gpuCheck({
    providers: [],
    size: "tiny",
    minutes: 1e-6,
    threads: 1,
    save: () => undefined,
  });
  assert.ok(providers[0]?.left.some((line) => line.endsWith("0 of 5 rounds, the time was over")));
});

test("numbers that are none, or too far from the CPU's, are wrong", () => {
  const right = { features: 1e-6, tangents: 1e-6, gradient: null };
  assert.not(isWrong(right));
  assert.ok(isWrong({ ...right, tangents: NaN }));
  assert.ok(isWrong({ ...right, gradient: 0.01 }));
});

test.run();
