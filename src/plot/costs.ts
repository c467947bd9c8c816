import { fail } from "../check/check";
import { stepSeconds } from "../table/costs";
import type { CostMethod, CostRecord } from "../table/costs";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { logAxis } from "./log-axis";
import { colors } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf } from "./template";
import type { FigureOptions } from "./template";

const shades: Readonly<Record<CostMethod, string>> = {
  inference: colors.grey,
  "zeroth-order, adapters": colors.blue,
  "directional, adapters": colors.sky,
  "zeroth-order, all weights": colors.green,
  "first-order, LoRA": colors.orange,
  "first-order, all weights": colors.vermillion,
  "first-order, LoRA, TensorFlow.js": colors.black,
  "first-order, all weights, TensorFlow.js": colors.purple,
};

/**
 * Draws peak memory (left) and seconds of one step (right) by model and precision, one colour a method, both logarithmic.
 * What did not run has no bar.
 * @throws when nothing was measured
 */
export function costsFigure(records: readonly CostRecord[], options: FigureOptions = {}): Figure {
  const ran = records.filter(({ measured }) => measured !== null);
  if (ran.length === 0) fail("records", "at least one measurement", records);
  const methods = [...new Set(ran.map(({ method }) => method))];
  // Of one model, which a title names, the precisions alone fit side by side.
  const several = new Set(ran.map(({ model }) => model)).size > 1;
  const place = ({ model, precision }: CostRecord): string =>
    escapeText([...(several ? [model] : []), precision.split(":")[0]].join(" "));
  const bars = (panel: "memory" | "time") =>
    methods.map((method): Trace => {
      const own = ran.filter((record) => record.method === method);
      const values = own.map((record) =>
        panel === "memory" ? (record.measured?.peakMiB ?? 0) / 1024 : (stepSeconds(record) ?? 0),
      );
      return {
        type: "bar",
        name: method,
        legendgroup: method,
        showlegend: panel === "memory",
        x: own.map(place),
        y: values,
        text: values.map((value) => String(Number(value.toPrecision(2)))),
        textposition: "outside",
        cliponaxis: false,
        marker: { color: shades[method] },
        ...(panel === "time" ? { xaxis: "x2", yaxis: "y2" } : {}),
        hovertemplate: panel === "memory" ? "%{x} : %{y:.2f} GiB" : "%{x} : %{y:.3g} s",
      };
    });
  const range = (values: readonly number[]): readonly [number, number] => [
    0.6 * Math.min(...values),
    2 * Math.max(...values),
  ];
  const order = [...new Set(ran.map(place))];
  const categories = { type: "category", showgrid: false, categoryorder: "array", categoryarray: order } as const;
  return {
    data: [...bars("memory"), ...bars("time")],
    layout: baseLayout(options, ["Logarithmic axes: equal heights are equal factors."], {
      barmode: "group",
      bargap: 0.25,
      height: 480,
      xaxis: axis("", { ...categories, domain: leftHalf }),
      xaxis2: axis("", { ...categories, domain: rightHalf, anchor: "y2" }),
      yaxis: axis("peak memory (GiB)", logAxis([...range(ran.map(({ measured }) => (measured?.peakMiB ?? 1) / 1024))])),
      yaxis2: axis("one step (s)", { anchor: "x2", ...logAxis([...range(ran.map((r) => stepSeconds(r) ?? 1))]) }),
    }),
  };
}
