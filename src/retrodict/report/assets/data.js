// The page's data: runs and weights, embedded as JSON, read when they are first looked at.

const MISSING = 65535;

function byId(id) {
  return document.getElementById(id);
}

function embedded(id) {
  const element = byId(id);
  return element ? JSON.parse(element.textContent) : null;
}

const QUANTILES = embedded("t-quantiles") || [];

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// An array a learner, NaN where a value is missing.
function unpackCurve(packed, epochs) {
  const bytes = bytesOf(packed.data);
  const view = new DataView(bytes.buffer);
  const learners = [];
  for (let start = 0; start < bytes.length; start += 2 * epochs) {
    learners.push(
      Float64Array.from({ length: epochs }, (_, i) => {
        const code = view.getUint16(start + 2 * i, true);
        return code === MISSING ? NaN : packed.low + packed.step * code;
      }),
    );
  }
  return learners;
}

const known = new Map();

function runOf(id) {
  if (!known.has(id)) {
    const run = embedded(`run-${id}`);
    for (const curve of run.curves) {
      for (const measure of run.measures) {
        if (curve[measure]) curve[measure] = unpackCurve(curve[measure], run.epochs.length);
      }
    }
    run.weights = embedded(`weights-${id}`);
    known.set(id, run);
  }
  return known.get(id);
}

// The weights of one learner: variant by variant, snapshot by snapshot, panel by panel.
async function weightsOf(learner) {
  if (!learner.codes) {
    const stream = new Blob([bytesOf(learner.data)])
      .stream()
      .pipeThrough(new DecompressionStream("deflate"));
    learner.codes = new Int8Array(await new Response(stream).arrayBuffer());
    learner.data = null;
  }
  return learner.codes;
}

// Mean and half the 95 % interval over some learners, at one epoch.
function summary(learners, shown, at) {
  let sum = 0;
  let count = 0;
  for (const s of shown) {
    const value = learners[s][at];
    if (!Number.isNaN(value)) {
      sum += value;
      count += 1;
    }
  }
  if (!count) return { mean: NaN, half: NaN };
  const mean = sum / count;
  let squares = 0;
  for (const s of shown) {
    const value = learners[s][at];
    if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  }
  const half = count > 1 ? QUANTILES[count] * Math.sqrt(squares / (count - 1) / count) : NaN;
  return { mean, half };
}

// Three digits or so; of numbers below 1 three places.
function places(value) {
  const size = Math.abs(value);
  if (size >= 100) return 0;
  if (size >= 10) return 1;
  return size >= 1 ? 2 : 3;
}

function inDigits(value, like = value) {
  return Number.isFinite(value) ? value.toFixed(places(like)).replace("-", "−") : "–";
}

function withHalf({ mean, half }) {
  return Number.isFinite(half) ? `${inDigits(mean)} ± ${inDigits(half, mean)}` : inDigits(mean);
}

// Elements: text is always set as text, never as markup.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
