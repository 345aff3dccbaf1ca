// Effective weights of one learner at one snapshot: a canvas a panel, one colour scale for all.

const COLOURS = [
  [5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31],
]; // ColorBrewer's RdBu, blue is negative

function colourOf(share) {
  const place = (Math.min(Math.max(share, -1), 1) + 1) / 2 * (COLOURS.length - 1);
  const at = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[at].map((low, i) => Math.round(low + (COLOURS[at + 1][i] - low) * (place - at)));
}

class Matrices {
  constructor(weights) {
    this.weights = weights;
    this.snapshot = weights.snapshots.length - 1;
    this.variant = 0;
    this.learner = 0;
    this.place = null; // the cell under the pointer: panel, row, column
    this.captions = [];
    this.canvases = [];
    this.panels = make("div", { class: `panels${weights.panels.length % 3 ? "" : " three"}` });
    weights.panels.forEach((panel, i) => this.#panel(panel, i));
    this.low = make("span");
    this.high = make("span");
    const ramp = make("i", { "aria-hidden": "true" });
    const stops = COLOURS.map((c) => `rgb(${c.join(",")})`).join(",");
    ramp.style.background = `linear-gradient(90deg, ${stops})`;
    this.scale = make("div", { class: "scale", role: "img" }, this.low, ramp, this.high);
    this.readout = make("p", { class: "readout", "aria-live": "polite" });
    this.element = make("div", {}, this.panels, this.scale, this.readout);
  }

  #panel(panel, i) {
    const z = make("span");
    const caption = make("figcaption", {}, make("b", {}, panel.title), z);
    const canvas = make("canvas", {
      width: panel.columns, height: panel.rows, tabindex: "0", role: "img",
      "aria-label": `${panel.title}: effective weights; arrow keys read single cells`,
    });
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const row = Math.floor(((event.clientY - box.top) / box.height) * panel.rows);
      const column = Math.floor(((event.clientX - box.left) / box.width) * panel.columns);
      this.#read(i, row, column);
    });
    canvas.addEventListener("pointerleave", () => this.#read(null));
    canvas.addEventListener("blur", () => this.#read(null));
    canvas.addEventListener("keydown", (event) => this.#key(event, i));
    this.captions.push(z);
    this.canvases.push(canvas);
    this.panels.append(make("figure", {}, caption, canvas));
  }

  #key(event, i) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const [row, column] = this.place?.panel === i ? [this.place.row, this.place.column] : [0, 0];
    const first = this.place?.panel !== i;
    this.#read(i, row + (first ? 0 : step[0]), column + (first ? 0 : step[1]));
  }

  async render() {
    const wanted = [this.snapshot, this.variant, this.learner].join();
    const codes = await weightsOf(this.weights.learners[this.learner]);
    if (wanted !== [this.snapshot, this.variant, this.learner].join()) return;
    const { limit, step } = this.weights.variants[this.variant];
    this.codes = codes;
    const palette = Array.from({ length: 255 }, (_, i) => colourOf(((i - 127) * step) / limit));
    this.weights.panels.forEach((panel, i) => this.#paint(panel, i, palette));
    this.low.textContent = `−${inDigits(limit)}`;
    this.high.textContent = `+${inDigits(limit)} (logit)`;
    this.scale.setAttribute("aria-label", `colours: blue −${inDigits(limit)} to red +${inDigits(limit)}, in logits`);
    this.#tell();
  }

  #start(index) {
    const cells = this.weights.panels.map((panel) => panel.rows * panel.columns);
    const all = cells.reduce((a, b) => a + b, 0);
    const before = cells.slice(0, index).reduce((a, b) => a + b, 0);
    return (this.variant * this.weights.snapshots.length + this.snapshot) * all + before;
  }

  #paint(panel, index, palette) {
    const start = this.#start(index);
    const image = new ImageData(panel.columns, panel.rows);
    for (let i = 0; i < panel.rows * panel.columns; i += 1) {
      const [red, green, blue] = palette[this.codes[start + i] + 127];
      image.data.set([red, green, blue, 255], 4 * i);
    }
    this.canvases[index].getContext("2d").putImageData(image, 0, 0);
    const z = this.weights.variants[this.variant].z[index][this.snapshot];
    const mine = z[this.weights.learners[this.learner].learner];
    const all = summary(z.map((value) => [value ?? NaN]), [...z.keys()], 0);
    this.captions[index].textContent =
      mine === null ? "z not defined" : `z = ${inDigits(mine)}; all: ${withHalf(all)}`;
  }

  #read(panel, row, column) {
    if (panel === null) {
      this.place = null;
    } else {
      const { rows, columns } = this.weights.panels[panel];
      this.place = {
        panel,
        row: Math.min(Math.max(row, 0), rows - 1),
        column: Math.min(Math.max(column, 0), columns - 1),
      };
    }
    this.#tell();
  }

  #tell() {
    if (!this.place || !this.codes) {
      this.readout.textContent = "Rows are sources, columns targets; the right answer is on the diagonal. Point at a cell.";
      return;
    }
    const { panel, row, column } = this.place;
    const { columns, title } = this.weights.panels[panel];
    const { step } = this.weights.variants[this.variant];
    const value = this.codes[this.#start(panel) + row * columns + column] * step;
    const right = row === column ? ", the right answer" : "";
    this.readout.textContent =
      `${title}: source ${row} → target ${column}${right}: logit ${inDigits(value)} (± ${inDigits(step / 2)})`;
  }
}
