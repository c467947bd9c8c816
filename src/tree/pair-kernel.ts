/**
 * The inner loop of perturbing many parameters, in WebAssembly with 128-bit vectors (JavaScript has none):
 *     plus[i] = y[i] + a x[i],  minus[i] = y[i] - a x[i]
 * in float32, the product rounded, then the sum: plain IEEE operations without fusing, so the bits are the same on every machine.
 */
export interface PairKernel {
  /** The kernel's own memory: only what lies in it can be computed on. */
  readonly memory: Float32Array;
  /** Places are indices into `memory`; `count` is rounded up to a multiple of 4. */
  pair(y: number, x: number, plus: number, minus: number, count: number, a: number): void;
}

/**
 * Makes a kernel with memory for `size` floats.
 * @example const { memory, pair } = pairKernel(16); memory.set([1, 2, 3, 4]); pair(0, 0, 4, 8, 4, 0.5); memory[4] // 1.5
 */
export function pairKernel(size: number): PairKernel {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((size * 4) / PAGE) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(CODE), { m: { m: memory } });
  const pair = exports["pair"] as (y: number, x: number, plus: number, minus: number, n: number, a: number) => void;
  return {
    memory: new Float32Array(memory.buffer),
    pair: (y, x, plus, minus, count, a) => pair(4 * y, 4 * x, 4 * plus, 4 * minus, count, a),
  };
}

/** What is used of the standard WebAssembly interface, whose types come with the browser's only. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, object>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

const PAGE = 65536;

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const vector = (...bytes: readonly number[]): readonly number[] => [bytes.length, ...bytes];
const get = (local: number): readonly number[] => [0x20, local];
const set = (local: number): readonly number[] => [0x21, local];
/** The places y, x, plus, minus are locals 0 to 3, the count 4, a 5; vectors are 6 and 7. */
const load = (place: number, into: number): readonly number[] => [...get(place), 0xfd, 0x00, 2, 0, ...set(into)];
const store = (place: number, operation: number): readonly number[] => [
  ...get(place),
  ...get(6),
  ...get(7),
  0xfd,
  operation,
  0x01,
  0xfd,
  0x0b,
  2,
  0,
];
const advance = (place: number): readonly number[] => [...get(place), 0x41, 16, 0x6a, ...set(place)];
const [ADD, SUBTRACT, MULTIPLY] = [0xe4, 0xe5, 0xe6];

const body = [
  [1, 2, V128],
  [0x03, 0x40], // loop
  [...load(0, 6), ...load(1, 7)],
  [...get(7), ...get(5), 0xfd, 0x13, 0xfd, MULTIPLY, 0x01, ...set(7)], // x times a in all four lanes
  [...store(2, ADD), ...store(3, SUBTRACT)],
  [0, 1, 2, 3].flatMap(advance),
  [...get(4), 0x41, 4, 0x6b, 0x22, 4, 0x41, 0, 0x4a, 0x0d, 0], // count -= 4, again while count > 0
  [0x0b, 0x0b],
].flat();

/** WebAssembly, core specification 2.0, binary format: one type, one imported memory, one function, one export, its code. */
const CODE = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, ...vector(1, 0x60, 6, I32, I32, I32, I32, I32, F32, 0)],
    [2, ...vector(1, 1, 0x6d, 1, 0x6d, 2, 0, 0)],
    [3, ...vector(1, 0)],
    [7, ...vector(1, 4, 0x70, 0x61, 0x69, 0x72, 0, 0)],
    [10, ...vector(1, body.length, ...body)],
  ].flat(),
);
