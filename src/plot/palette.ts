import type { Dash } from "plotly.js";

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
} as const;

/** The one place where methods get their colour: schedules in blue and green, a single query in warm colours. */
const fixed: Readonly<Record<string, Style>> = {
  AdaZeta: { color: colors.blue, dash: "solid" },
  "LoRA + schedule": { color: colors.green, dash: "solid" },
  MeZO: { color: colors.vermillion, dash: "solid" },
  "MeZO-LoRA": { color: colors.vermillion, dash: "solid" },
  "MeZO-LoRA, batch x4": { color: colors.vermillion, dash: "dashdot" },
  "TT, one query": { color: colors.orange, dash: "solid" },
  "random mask": { color: colors.purple, dash: "solid" },
  "MeZO-LoRA, smaller rate": { color: colors.vermillion, dash: "dot" },
};

/** For names that are not in the list: a name has its colour in every figure. None equals a fixed style. */
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
 * Gives one style for each key. The arm's name alone fixes the colour; where a figure has another curve of that colour and dash (of the same arm, or
 * of one whose name fell on the same colour), the later one changes its dash.
 * @param arms the arm of each curve, in drawing order; case, spaces and punctuation do not matter
 * @example stylesFor(["AdaZeta", "MeZO-LoRA", "MeZO-LoRA"])[2] // { color: "#D55E00", dash: "dash" }
 */
export function stylesFor(arms: readonly string[]): readonly Style[] {
  const known = new Map(Object.entries(fixed).map(([name, style]) => [plain(name), style]));
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
