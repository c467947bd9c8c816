import type { Dash } from "plotly.js";
import type { ArmRow, Look } from "../experiment/arm-row";
import { armRows, recordedName } from "../experiment/arms";
import { armLooks } from "./arm-looks";

/** How one arm is drawn, in every figure. */
export interface Style {
  readonly color: string;
  readonly dash: Dash;
}

/** Okabe and Ito's colours for every kind of colour vision, yellow left out as too light for lines on white. Source: jfly.uni-koeln.de/color. */
export const colors = {
  blue: "#0072B2",
  vermillion: "#D55E00",
  green: "#009E73",
  purple: "#CC79A7",
  sky: "#56B4E9",
  orange: "#E69F00",
  black: "#000000",
  grey: "#6E6E6E",
} as const satisfies Readonly<Record<Look["color"], string>>;

/** Styles of the table's arms, by what the id is without punctuation, and the recorded name. */
const known: ReadonlyMap<string, Style> = stylesOf(armRows);

/** For names that no row has, a reader's own: a name has its colour in every figure. */
const reserve: readonly Style[] = [
  { color: colors.sky, dash: "solid" },
  { color: colors.black, dash: "solid" },
  { color: colors.grey, dash: "solid" },
  { color: colors.purple, dash: "dash" },
  { color: colors.green, dash: "dash" },
  { color: colors.orange, dash: "dash" },
];
/** Where the sum over a name's letters begins: with this one the notebooks' own arms are told apart by colour. */
const SPREAD = 9;

/** Dashes that tell curves of one arm apart (learning rates, interactive runs). */
const variants: readonly Dash[] = ["dash", "dot", "dashdot", "longdash", "longdashdot"];

/**
 * Gives one style for each key. An arm's row alone fixes its colour, or the name of one that has no row; where a figure has another curve of that colour and dash (of the same arm, or
 * of one whose name fell on the same colour), the later one changes its dash.
 * @param arms the arm of each curve, in drawing order: its id, or its name in records; case, spaces and punctuation do not matter
 * @example stylesFor(["AdaZeta", "MeZO-LoRA", "MeZO-LoRA"])[2] // { color: "#D55E00", dash: "dash" }
 */
export function stylesFor(arms: readonly string[]): readonly Style[] {
  const seen = new Map<string, number>();
  const styles: Style[] = [];
  const taken = ({ color, dash }: Style): boolean =>
    styles.some((style) => style.color === color && style.dash === dash);
  for (const arm of arms) {
    const key = plain(arm);
    const own = known.get(key) ?? reserve[placeOf(key)]!;
    const earlier = seen.get(key) ?? 0;
    seen.set(key, earlier + 1);
    const wanted = earlier === 0 ? own : { ...own, dash: nextDash(own.dash, earlier) };
    const free = variants.map((dash): Style => ({ ...own, dash })).find((style) => !taken(style));
    styles.push(taken(wanted) ? (free ?? wanted) : wanted);
  }
  return styles;
}

function stylesOf(rows: readonly ArmRow[]): ReadonlyMap<string, Style> {
  const looks = armLooks(rows);
  return new Map(
    rows.flatMap((row) => {
      const { color, dash } = looks.get(row.id)!;
      const style: Style = { color: colors[color], dash };
      return [row.id, recordedName(row)].map((name): [string, Style] => [plain(name), style]);
    }),
  );
}

function placeOf(key: string): number {
  return [...key].reduce((sum, letter) => (31 * sum + letter.codePointAt(0)!) % 65_521, SPREAD) % reserve.length;
}

function nextDash(own: Dash, earlier: number): Dash {
  const others = variants.filter((dash) => dash !== own);
  return others[(earlier - 1) % others.length]!;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Gives a colour with an opacity in [0, 1], for bands. @example translucent("#0072B2", 0.2) // "rgba(0, 114, 178, 0.2)" */
export function translucent(color: string, opacity: number): string {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}
