import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lora, oneQuery } from "../../src/experiment/arm-parts";
import type { ArmRow } from "../../src/experiment/arm-row";
import { armRows, recordedName } from "../../src/experiment/arms";
import { armLooks } from "../../src/plot/arm-looks";
import { colors, stylesFor } from "../../src/plot/palette";

const test = suite("plot/arm-looks");
const row = (id: string): ArmRow => ({ id, title: id, adapter: lora, method: oneQuery });

test("rows that ask for no look get one that nobody has, and change nobody's", () => {
  // As many as there are looks; those after them have a look again that another row has, and figures tell them apart (`stylesFor`).
  const rows = armRows.slice(0, 40);
  const before = armLooks(rows);
  const after = armLooks([...rows, row("new"), row("newer")]);
  for (const { id } of rows) assert.equal(after.get(id), before.get(id), id);
  const taken = [...before.values()].map((look) => JSON.stringify(look));
  const [one, other] = ["new", "newer"].map((id) => JSON.stringify(after.get(id)));
  assert.is.not(one, other);
  assert.not.ok(taken.includes(one!) || taken.includes(other!));
});

test("the first free one comes in the order of the colours, solid lines first; with all given away they are given again", () => {
  assert.equal(armLooks([row("a"), row("b")]).get("b"), { color: "black", dash: "solid" });
  const sky = { color: "sky", dash: "solid" } as const;
  // One that is asked for is kept free, wherever its row stands.
  assert.equal(
    [...armLooks([row("a"), { ...row("b"), look: sky }]).values()],
    [{ color: "black", dash: "solid" }, sky],
  );
  const many = Array.from({ length: 50 }, (_, i) => row(`row-${i}`));
  const looks = [...armLooks(many).values()];
  assert.is(new Set(looks.map((look) => JSON.stringify(look))).size, 48);
  assert.equal(looks[48], looks[0]);
});

test("figures draw an arm in its row's look, called by its id or as it is recorded", () => {
  const looks = armLooks(armRows);
  for (const each of armRows) {
    const { color, dash } = looks.get(each.id)!;
    const style = { color: colors[color], dash };
    assert.equal([stylesFor([each.id]), stylesFor([recordedName(each)])], [[style], [style]], each.id);
  }
  // As they were when names fixed them.
  assert.equal(stylesFor(["AdaZeta", "mezo-lora-smaller-rate", "TT, constant Q"]), [
    { color: "#0072B2", dash: "solid" },
    { color: "#D55E00", dash: "dot" },
    { color: "#CC79A7", dash: "dash" },
  ]);
});

test.run();
