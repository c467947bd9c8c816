// The view of every slider (src/notebook/widgets/controls.ts). ipywidgets' own sliders put a value on their grid when they are drawn and
// send that back, round what is typed, and show fewer digits than they hold. This one sends what the user's hand makes, and no more;
// the number beside it is the value to its last digit. Of a model it reads, besides ipywidgets' fields, `scale` ("linear" or "log"),
// `bounds` (least and greatest value) and `whole`; on a logarithmic scale min, max and step are powers of ten.

/** A value that the hand moves to is round: on the grid that begins at min, or of three digits on a logarithmic scale. */
export function valueAt(position, { scale, bounds: [least, most], min, max, step }) {
  if (position <= min) return least;
  if (position >= max) return most;
  const value =
    scale === "log"
      ? Number((10 ** position).toPrecision(3))
      : // Twelve digits: 0.1 + 0.2 is to be 0.3.
        Number((min + Math.round((position - min) / step) * step).toPrecision(12));
  return Math.min(Math.max(value, least), most);
}

/** The number that a text says, as it says it, between the bounds; undefined where it says none. */
export function valueTyped(text, { bounds: [least, most], whole }) {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value) || (whole && !Number.isInteger(value))) return undefined;
  return Math.min(Math.max(value, least), most);
}

export const numberSliderView = ({ BaseIntSliderView }) =>
  class NumberSliderView extends BaseIntSliderView {
    createSlider() {
      super.createSlider();
      const slider = this.$slider.noUiSlider;
      // noUiSlider tells of an "update" whenever it is drawn; of a "slide" only when a hand or a key moves it.
      slider.off("update");
      slider.off("change");
      slider.on("slide", ([position]) => this.move(valueAt(Number(position), this.model.attributes)));
      // A blur does not bubble: ipywidgets' own handler, which waits further up, hears of none.
      this.readout.onblur = () => this.handleTextChange();
      this.updateSliderOptions();
    }

    position() {
      const value = this.model.get("value");
      return this.model.get("scale") === "log" ? Math.log10(value) : value;
    }

    move(value) {
      this.readout.textContent = String(value);
      if (value === this.model.get("value")) return;
      this.model.set("value", value, { updated_view: this });
      this.touch();
    }

    update(options) {
      super.update(options);
      if (document.activeElement !== this.readout) this.readout.textContent = String(this.model.get("value"));
    }

    updateSliderOptions() {
      const { min, max, step } = this.model.attributes;
      this.$slider.noUiSlider.updateOptions({ start: this.position(), range: { min, max }, step }, false);
      this.place();
    }

    updateSliderValue(_model, _value, options) {
      if (options.updated_view !== this) this.place();
    }

    /** Where the value is, also between two marks of the grid. */
    place() {
      this.$slider.noUiSlider.setHandle(0, this.position(), false, true);
    }

    handleKeyDown(event) {
      if (event.key === "Escape") this.readout.textContent = String(this.model.get("value"));
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      this.readout.blur();
    }

    handleTextChange() {
      const value = valueTyped(this.readout.textContent, this.model.attributes) ?? this.model.get("value");
      this.move(value);
      this.place();
    }

    handleSliderUpdateEvent() {}
    handleSliderChangeEvent() {}

    _validate_slide_value(position) {
      return position;
    }
  };
