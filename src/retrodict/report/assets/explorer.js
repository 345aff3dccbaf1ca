// What a reader can move: which run, measure, curves, learners; the epoch of the weights.

class Explorer {
  constructor(element) {
    this.element = element;
    this.runs = JSON.parse(element.dataset.runs);
    this.body = make("div");
    this.bar = make("div", { class: "bar" });
    if (this.runs.length > 1) {
      const select = picker(this.runs.map((run) => run.label), (i) => this.show(i));
      this.bar.append(make("label", {}, "Run", select));
    }
    this.slot = make("span", { class: "bar" });
    this.bar.append(this.slot);
    element.append(this.bar, this.body);
    this.awake = false; // nothing is drawn before it can be seen
    this.show(0);
  }

  wake() {
    this.awake = true;
    this.#draw();
  }

  #draw() {
    if (!this.awake) return;
    this.chart.render();
    if (this.matrices) this.matrices.render();
  }

  show(index) {
    this.run = runOf(this.runs[index].id);
    this.chart = new Chart(this.run, () => this.awake);
    this.matrices = null;
    this.slot.replaceChildren();
    this.#measures();
    const left = make("div", {}, this.chart.element, this.#legend(), this.#learners());
    const halves = make("div", { class: "halves" }, left);
    this.body.replaceChildren(halves);
    if (this.run.weights) {
      halves.classList.add("two");
      halves.append(this.#weights());
    }
    this.#draw();
  }

  #measures() {
    const names = this.run.measures;
    const select = picker(names.map((name) => MEASURES[name].says), (i) => {
      this.chart.measure = names[i];
      this.#refresh();
    });
    this.slot.append(make("label", {}, "Show", select));
  }

  #legend() {
    this.cells = [];
    const rows = this.run.curves.map((curve, index) => {
      const { colour, dash } = styleOf(this.run, index);
      const line = draw("path", { d: "M0 6H30", "stroke-width": 3, "stroke-dasharray": dash });
      line.style.stroke = colour;
      const box = make("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        this.chart.on[box.checked ? "add" : "delete"](index);
        this.#refresh();
      });
      const words = curve.kind === "held out" && !curve.label.includes("unseen") ? `${curve.label} (held out)` : curve.label;
      const swatch = draw("svg", { viewBox: "0 0 30 12", "aria-hidden": "true" }, line);
      const value = make("td", { class: "n" });
      this.cells.push(value);
      return make("tr", {}, make("td", {}, make("label", {}, box, swatch, words)), value);
    });
    if (this.run.theory) rows.push(this.#theoryRow());
    this.when = make("th", { scope: "col" });
    const head = make("tr", {}, make("th", { scope: "col" }, "curve"), this.when);
    this.chart.listeners.push((at) => this.#tell(at));
    this.#tell(null);
    const table = make("table", { class: "legend-table" }, make("thead", {}, head), make("tbody", {}, ...rows));
    return make("div", { class: "scroll", "aria-live": "polite" }, table);
  }

  #theoryRow() {
    const box = make("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => {
      this.chart.theory = box.checked;
      this.#refresh();
    });
    const line = draw("path", { d: "M0 6H30", "stroke-width": 1.6, "stroke-dasharray": "5 3" });
    line.style.stroke = "var(--ink)";
    const swatch = draw("svg", { viewBox: "0 0 30 12", "aria-hidden": "true" }, line);
    this.foretold = make("td", { class: "n" });
    const label = make("label", {}, box, swatch, "theory, computed and not trained");
    return make("tr", {}, make("td", {}, label), this.foretold);
  }

  #tell(at) {
    const place = at ?? this.run.epochs.length - 1;
    this.when.textContent = `${at === null ? "end, " : ""}epoch ${this.run.epochs[place]}`;
    this.cells.forEach((cell, index) => {
      cell.textContent = this.chart.on.has(index) ? withHalf(this.chart.values(index, place)) : "";
    });
    if (this.foretold) {
      const shown = this.chart.measure === "nll" && this.chart.theory ? [...this.chart.on] : [];
      const values = shown.map((index) => inDigits(this.run.theory[index][place] ?? NaN));
      this.foretold.textContent = values.join(" · ");
    }
  }

  #learners() {
    const { chart, run } = this;
    if (run.seeds.length < 2) return make("span");
    const row = make("div", { class: "learners", role: "group", "aria-label": "learners" }, "learners, by seed:");
    run.seeds.slice(0, 40).forEach((seed, s) => {
      const button = make("button", { type: "button", "aria-pressed": "true" }, String(seed));
      button.addEventListener("click", () => {
        const on = !chart.learners.has(s);
        chart.learners[on ? "add" : "delete"](s);
        button.setAttribute("aria-pressed", String(on));
        this.#refresh();
      });
      row.append(button);
    });
    return row;
  }

  #weights() {
    const { weights } = this.run;
    if (typeof DecompressionStream === "undefined") {
      return make("p", { class: "hint" }, "This browser cannot unpack the weight matrices; the drawing above shows the last ones.");
    }
    const matrices = new Matrices(weights);
    this.matrices = matrices;
    const last = weights.snapshots.length - 1;
    const range = make("input", { type: "range", min: "0", max: String(last), step: "1", "aria-label": "epoch of the effective weights" });
    range.value = String(last);
    const says = make("output", { class: "epoch" });
    const move = () => {
      matrices.snapshot = Number(range.value);
      const epoch = weights.snapshots[matrices.snapshot];
      says.textContent = `epoch ${epoch}`;
      range.setAttribute("aria-valuetext", `epoch ${epoch}`);
      this.chart.moment = epoch;
      this.chart.moveTo(this.#nearest(epoch));
      if (this.awake) matrices.render();
    };
    range.addEventListener("input", move);
    const choices = weights.learners.map((one) => `seed ${one.seed}`);
    const learner = picker(choices, (i) => {
      matrices.learner = i;
      matrices.render();
    });
    this.slot.append(make("label", {}, "Weights of", learner));
    if (weights.variants.length > 1) {
      const variant = picker(weights.variants.map((one) => one.label), (i) => {
        matrices.variant = i;
        matrices.render();
      });
      this.slot.append(make("label", {}, "asked with", variant));
    }
    const count = `Weights of ${weights.learners.length} of ${weights.total} learners are in this file.`;
    const slider = make("div", { class: "slider" }, "Weights at", range, says);
    move();
    this.chart.moveTo(null);
    return make("div", {}, slider, matrices.element, make("p", { class: "hint" }, count));
  }

  #nearest(epoch) {
    const { epochs } = this.run;
    return epochs.reduce((best, other, i) => (Math.abs(other - epoch) < Math.abs(epochs[best] - epoch) ? i : best), 0);
  }

  #refresh() {
    this.chart.render();
    this.#tell(this.chart.at);
  }
}

function picker(labels, choose) {
  const select = make("select", {}, ...labels.map((label, i) => make("option", { value: String(i) }, label)));
  select.addEventListener("change", () => choose(Number(select.value)));
  return select;
}
