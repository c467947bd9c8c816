import type { BenchOptions } from "./options";
import type { MezoOptions } from "../../src/optimizer/recipes";
import type { Report } from "./report";
import { bertTrain, llamaTrain, lora, minilmTexts, openStepper, smollm2Texts, THREADS } from "./subject";
import { alternate, median, seconds } from "./timing";

/** The share of a step's time that is not spent inside ONNX Runtime. */
export async function outsideBench({ rounds = 7, minutes }: BenchOptions): Promise<Report> {
  const phrases = await smollm2Texts("phrases", 16);
  const questions = await minilmTexts(8);
  const two: MezoOptions = { queries: 4, chunk: 1 };
  const four: MezoOptions = { queries: 4, chunk: 4 };
  const directional: MezoOptions = { queries: 4, estimator: "directional" };
  const smolTrain = await openStepper(phrases, llamaTrain);
  const smolLora = await openStepper(phrases, lora);
  const miniTrain = await openStepper(questions, bertTrain);
  const miniLora = await openStepper(questions, lora);
  const rows = [
    { name: "SmolLM2, tensor train, two-sided, chunk 1", texts: phrases, on: smolTrain, how: two },
    { name: "SmolLM2, tensor train, directional", texts: phrases, on: smolTrain, how: directional },
    { name: "SmolLM2, LoRA, two-sided, chunk 1", texts: phrases, on: smolLora, how: two },
    { name: "MiniLM, tensor train, two-sided, chunk 1", texts: questions, on: miniTrain, how: two },
    { name: "MiniLM, tensor train, two-sided, chunk 4", texts: questions, on: miniTrain, how: four },
    { name: "MiniLM, LoRA, two-sided, chunk 1", texts: questions, on: miniLora, how: two },
    { name: "MiniLM, LoRA, two-sided, chunk 4", texts: questions, on: miniLora, how: four },
  ];
  const shares = new Map<string, number[]>(rows.map(({ name }) => [name, []]));
  const times = await alternate(
    rows.map(({ name, texts, on, how }) => ({
      name,
      async run(round) {
        // Several steps in a row: a step of the small model is short.
        const before = on.session.engineMilliseconds();
        let taken = 0;
        const steps = texts === questions ? 8 : 1;
        for (let i = 0; i < steps; i++) taken += await on.step(how, texts.batch(round + i), round + i);
        shares.get(name)?.push(1 - (on.session.engineMilliseconds() - before) / taken);
        return taken / steps;
      },
    })),
    { rounds, warmUps: 2, minutes },
  );
  for (const { session } of [smolTrain, smolLora, miniTrain, miniLora]) await session.dispose();
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return {
    title: "Share of a step outside the engine",
    tables: [
      {
        caption: `One step, Q = 4: SmolLM2 on 16 SST-2 phrases, MiniLM on 8 questions of at most 12 tokens; ${THREADS} threads, ${times.get(rows[0].name)!.length} rounds in turn after 2 warm-ups.`,
        head: ["step", "parameters", "seconds", "outside the engine", "smallest to largest"],
        rows: rows.map(({ name, on }) => {
          const share = shares.get(name)!.slice(2);
          return [
            name,
            String(on.adapter.layout.size),
            seconds(times.get(name)!, 3),
            percent(median(share)),
            `${percent(Math.min(...share))} to ${percent(Math.max(...share))}`,
          ];
        }),
      },
    ],
    notes: [
      "Goal: at most 2 %. Outside: everything of the step's wall time that is not inside ONNX Runtime's run call: directions, points, feeds, messages to and from the worker thread, readout and loss, the sum of the gradient, the update.",
      "Directions and the gradient's sum are made while the engine works on the next query, on the same cores: what they cost there shows as engine time.",
    ],
  };
}
