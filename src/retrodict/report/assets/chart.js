// Curves over epochs: means with their intervals, learners, baselines, and a cursor with values.

const MEASURES = {
  nll: { label: "NLL (nats)", says: "NLL" },
  entity_nll: { label: "NLL of the whole answer (nats)", says: "NLL of the whole answer" },
  accuracy: { label: "accuracy", says: "accuracy" },
};
const HEIGHT = 300;
const MARGIN = { left: 46, right: 14, top: 10, bottom: 42 };
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2"];

function styleOf(run, index) {
  const curve = run.curves[index];
  if (curve.kind === "loss") return { colour: "var(--loss)", dash: "" };
  if (curve.kind === "held out") return { colour: "var(--held)", dash: "" };
  const at = run.curves.slice(0, index).filter((other) => other.kind === "taught").length;
  return { colour: `var(--t${at % 5})`, dash: DASHES[1 + (at % 4)] };
}

function ticks(low, high, wanted) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high * 1.0001; n += 1) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}

class Chart {
  constructor(run, visible) {
    this.run = run;
    this.visible = visible;
    this.measure = "nll";
    this.on = new Set(run.curves.keys());
    this.learners = new Set(run.seeds.keys());
    this.theory = Boolean(run.theory);
    this.at = null; // the cursor's place among the epochs
    this.moment = null; // the epoch of the weights that are shown
    this.listeners = [];
    this.svg = draw("svg", {
      tabindex: "0",
      role: "img",
      "aria-label": "curves over epochs; arrow keys move the cursor",
    });
    this.element = make("div", { class: "chart" }, this.svg);
    this.svg.addEventListener("pointermove", (event) => this.#point(event));
    this.svg.addEventListener("pointerdown", (event) => this.#point(event));
    this.svg.addEventListener("pointerleave", () => this.moveTo(null));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.render()).observe(this.element);
  }

  moveTo(at) {
    this.at = at;
    this.#cursor();
    for (const listener of this.listeners) listener(at);
  }

  values(index, at) {
    const learners = this.run.curves[index][this.measure];
    return learners ? summary(learners, this.learners, at) : { mean: NaN, half: NaN };
  }

  #point(event) {
    if (!this.x) return;
    const box = this.svg.getBoundingClientRect();
    const epoch = this.x.back(event.clientX - box.left);
    let best = 0;
    this.run.epochs.forEach((other, i) => {
      if (Math.abs(other - epoch) < Math.abs(this.run.epochs[best] - epoch)) best = i;
    });
    this.moveTo(best);
  }

  #key(event) {
    const last = this.run.epochs.length - 1;
    const now = this.at ?? last;
    const to = {
      ArrowLeft: now - 1, ArrowRight: now + 1, PageDown: now - 10, PageUp: now + 10,
      Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") this.moveTo(null);
    if (to === undefined) return;
    event.preventDefault();
    this.moveTo(Math.min(Math.max(to, 0), last));
  }

  #top() {
    if (this.measure === "accuracy") return 1.05;
    let top = Math.max(this.run.uniform * 1.12, 0);
    for (const index of this.on) {
      for (const learner of this.run.curves[index][this.measure] || []) {
        for (const value of learner) if (value > top) top = value;
      }
    }
    return top * 1.04;
  }

  render() {
    const width = this.element.clientWidth;
    if (!width || !this.visible()) return;
    const { run } = this;
    const last = Math.max(run.epochs.at(-1), 1);
    const top = this.#top();
    const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
    const x = (epoch) => MARGIN.left + (epoch / last) * inner.width;
    x.back = (px) => ((px - MARGIN.left) / inner.width) * last;
    const y = (value) => MARGIN.top + (1 - value / top) * inner.height;
    this.x = x;
    this.y = y;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.replaceChildren();
    this.#axes(x, y, last, top, width);
    for (const index of this.on) this.#curve(index, x, y);
    if (this.measure === "nll") this.#guesses(x, y, last); // of the first token
    if (this.theory && this.measure === "nll") this.#foretold(x, y);
    this.marks = draw("g", { "pointer-events": "none" });
    this.svg.append(this.marks);
    this.#cursor();
  }

  #axes(x, y, last, top, width) {
    const bottom = HEIGHT - MARGIN.bottom;
    for (const value of ticks(0, top, 6)) {
      this.svg.append(
        draw("path", { class: "grid", d: `M${MARGIN.left} ${y(value)}H${width - MARGIN.right}` }),
        draw("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
      );
    }
    for (const epoch of ticks(0, last, Math.max(width / 90, 2))) {
      this.svg.append(
        draw("path", { class: "axis", d: `M${x(epoch)} ${bottom}v4` }),
        draw("text", { x: x(epoch), y: bottom + 17, "text-anchor": "middle" }, String(epoch)),
      );
    }
    const middle = (MARGIN.top + bottom) / 2;
    this.svg.append(
      draw("path", { class: "axis", d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${width - MARGIN.right}` }),
      draw("text", { x: (MARGIN.left + width) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "epoch"),
      draw(
        "text",
        { transform: `translate(12 ${middle}) rotate(-90)`, "text-anchor": "middle" },
        MEASURES[this.measure].label,
      ),
    );
  }

  #curve(index, x, y) {
    const { run } = this;
    const learners = run.curves[index][this.measure];
    if (!learners) return;
    const { colour, dash } = styleOf(run, index);
    const group = draw("g", { class: "curve", "data-curve": index, fill: "none" });
    group.style.stroke = colour;
    for (const s of this.learners) {
      group.append(draw("path", { d: this.#line(learners[s], x, y), "stroke-width": 0.6, opacity: 0.4, class: "learner" }));
    }
    const mean = run.epochs.map((_, i) => summary(learners, this.learners, i));
    const edge = (sign) => mean
      .map(({ mean: m, half }, i) => [x(run.epochs[i]), y(m + sign * half)])
      .filter(([, v]) => Number.isFinite(v));
    const outline = [...edge(1), ...edge(-1).reverse()];
    if (outline.length) {
      const band = draw("path", { d: `M${outline.map((p) => p.map(short).join(" ")).join("L")}Z`, opacity: 0.22, stroke: "none", class: "band" });
      band.style.fill = colour;
      group.append(band);
    }
    group.append(
      draw("path", {
        d: this.#line(mean.map((m) => m.mean), x, y), "stroke-width": 2.2,
        "stroke-dasharray": dash, class: "mean",
      }),
    );
    this.svg.append(group);
  }

  #line(values, x, y) {
    let path = "";
    let drawing = false;
    this.run.epochs.forEach((epoch, i) => {
      const ok = Number.isFinite(values[i]);
      if (ok) path += `${drawing ? "L" : "M"}${short(x(epoch))} ${short(y(values[i]))}`;
      drawing = ok;
    });
    return path;
  }

  #guesses(x, y, last) {
    for (const [value, says, dash, lift] of [
      [this.run.uniform, "uniform guess", "6 4", -5],
      [this.run.alphabet, "within the alphabet", "2 3", 14],
    ]) {
      this.svg.append(
        draw("path", { class: "guess", d: `M${x(0)} ${y(value)}H${x(last)}`, "stroke-dasharray": dash }),
        draw(
          "text",
          { x: x(last) - 4, y: y(value) + lift, "text-anchor": "end", class: "halo" },
          `${says}, ${inDigits(value)}`,
        ),
      );
    }
  }

  #foretold(x, y) {
    const group = draw("g", { class: "theory", fill: "none", "stroke-dasharray": "5 3", "stroke-width": 1.4 });
    group.style.stroke = "var(--ink)";
    for (const index of this.on) {
      const line = this.run.theory[index].map((value) => value ?? NaN);
      group.append(draw("path", { d: this.#line(line, x, y) }));
    }
    this.svg.append(group);
  }

  #cursor() {
    if (!this.marks) return;
    this.marks.replaceChildren();
    const down = `${MARGIN.top}V${HEIGHT - MARGIN.bottom}`;
    if (this.moment !== null) {
      const px = this.x(this.moment);
      const end = px > this.x(this.run.epochs.at(-1)) * 0.75;
      this.marks.append(
        draw("path", { class: "moment", d: `M${px} ${down}`, "data-epoch": this.moment }),
        draw("path", { d: `M${px} ${HEIGHT - MARGIN.bottom}l-5 8h10z`, fill: "currentColor" }),
        draw("text", { x: px + (end ? -6 : 6), y: MARGIN.top + 10, "text-anchor": end ? "end" : "start", class: "halo" }, `weights at ${this.moment}`),
      );
    }
    if (this.at === null) return;
    const px = this.x(this.run.epochs[this.at]);
    this.marks.append(draw("path", { class: "cursor", d: `M${px} ${down}` }));
    for (const index of this.on) {
      const { mean } = this.values(index, this.at);
      if (!Number.isFinite(mean)) continue;
      const dot = draw("circle", { cx: px, cy: this.y(mean), r: 4 });
      dot.style.fill = styleOf(this.run, index).colour;
      this.marks.append(dot);
    }
  }
}

function short(value) {
  return Math.round(value * 10) / 10;
}
