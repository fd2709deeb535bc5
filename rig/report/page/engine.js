// The captured amp as it is played: docs/knob-file.md in JavaScript, over the loops of player.c.
// It runs in the page, where it makes .nam files, and in the audio thread, where it plays.

const BLOCK = 64;
const fours = (count) => (count + 3) & ~3;
const activation = (slope) => (slope === null ? Math.tanh : (x) => (x > 0 ? x : slope * x));

function floats(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** The section "rig-knobs" of a model: what its knobs come to, and its plain weights. */
class KnobModel {
  constructor(section) {
    if (section.format !== "rig-knobs" || section.version !== 1) throw new Error("an unknown model");
    this.section = section;
    this.shapes = {};
    this.tensors = {};
    for (const [name, told] of Object.entries(section.tensors)) {
      this.shapes[name] = told.shape;
      this.tensors[name] = told.values ?? floats(told.data);
    }
    this.knobs = section.knobs;
    this.arrays = (section.arrays ?? []).map((shape, a) => this.array(shape, a));
  }

  /** An array's shape and weights; of each layer, also the sum of its taps. */
  array(shape, a) {
    const own = { ...shape, depth: shape.dilations.length, act: activation(shape.slope) };
    for (const [name, values] of Object.entries(this.tensors))
      if (name.startsWith(`arrays.${a}.`)) own[name.split(".")[2]] = values;
    const size = shape.channels * shape.channels;
    own.sums = new Float64Array(own.depth * size);
    let tap = 0;
    shape.kernel_sizes.forEach((kernel, l) => {
      for (const end = tap + kernel; tap < end; tap++)
        for (let i = 0; i < size; i++) own.sums[l * size + i] += own.conv[tap * size + i];
    });
    return own;
  }

  /** What the encoder reads: a number for each knob, -1 or 1 for each position of a switch. */
  inputs(units, turned) {
    const read = [];
    this.knobs.forEach((knob, k) => {
      if (!knob.labels) return read.push(turned[k]);
      const chosen = Math.round(units[k] * (knob.labels.length - 1));
      return knob.labels.forEach((_, place) => read.push(place === chosen ? 1 : -1));
    });
    return read;
  }

  encode(units) {
    const t = this.tensors, count = this.knobs.length;
    const taper = t["encoder.taper"];
    const bent = units.map((u, k) => {
      const x = 2 * u - 1;
      return x + (1 - x * x) * (taper[k] + taper[count + k] * x);
    });
    const read = this.inputs(units, bent);
    const hidden = Array.from(t["encoder.first_bias"], (bias, j) => {
      let sum = bias;
      const width = this.shapes["encoder.first"][1];
      read.forEach((x, i) => { sum += x * t["encoder.first"][i * width + j]; });
      return sum / (1 + Math.exp(-sum));
    });
    return Array.from(t["encoder.constant"], (constant, j) => {
      const width = t["encoder.constant"].length;
      let sum = constant;
      read.forEach((x, i) => { sum += x * t["encoder.direct"][i * width + j]; });
      hidden.forEach((x, i) => { sum += x * t["encoder.second"][i * width + j]; });
      return sum;
    });
  }

  beside(units) {
    return this.inputs(units, units.map((u) => 2 * u - 1));
  }
}

/** What the knobs of a WaveNet come to at one setting: scales and shifts, gains, and its rest. */
class WaveNetTerms {
  constructor(model, units) {
    const { section, tensors, shapes } = model;
    const encoded = model.encode(units);
    this.drive = Math.exp(encoded[0]);
    this.level = Math.exp(encoded[1]) * tensors.polarity[0] * section.head_scale;
    const latents = encoded.slice(2), mixture = tensors.mixture, width = shapes.mixture[1];
    const terms = new Float64Array(width);
    latents.forEach((x, i) => {
      for (let j = 0; j < width; j++) terms[j] += x * mixture[i * width + j];
    });
    this.scales = [];
    this.shifts = [];
    let start = 0;
    for (const shape of section.arrays) {
      const size = shape.dilations.length * shape.channels;
      this.scales.push(terms.subarray(start, start + size).map((x) => Math.exp(0.5 * x)));
      this.shifts.push(terms.subarray(start + size, start + 2 * size));
      start += 2 * size;
    }
    this.settle(model);
  }

  /** Where each layer stands once silence has filled its history: all taps see the same. */
  settle(model) {
    this.rests = [];
    let frames = null, head = null;
    model.arrays.forEach((own, a) => {
      const n = own.channels, depth = own.depth, act = own.act, rest = new Float64Array(n * depth);
      const scales = this.scales[a], shifts = this.shifts[a], total = head ?? new Float64Array(n);
      frames = a ? product(own.rechannel, 0, frames, n) : new Float64Array(n);
      for (let l = 0; l < depth; l++) {
        const sums = product(own.sums, l * n * n, frames, n), hidden = new Float64Array(n);
        for (let o = 0, at = l * n; o < n; o++, at++) {
          rest[at] = (sums[o] + own.bias[at]) * scales[at] + shifts[at];
          hidden[o] = act(rest[at]);
          total[o] += hidden[o];
        }
        const passed = product(own.layer1x1, l * n * n, hidden, n);
        for (let o = 0; o < n; o++) frames[o] += passed[o] + own.layer1x1_bias[l * n + o];
      }
      this.rests.push(rest);
      head = new Float64Array(own.head_size);
      for (let k = 0; k < own.head_kernel; k++) {
        const part = product(own.head, k * own.head_size * n, total, own.head_size);
        for (let o = 0; o < own.head_size; o++) head[o] += part[o];
      }
      if (own.head_bias) own.head_bias.forEach((bias, o) => { head[o] += bias; });
    });
    this.constant = head[0];
  }
}

/** A matrix that begins somewhere in `weights`, times a vector. */
function product(weights, from, vector, rows) {
  const out = new Float64Array(rows), columns = vector.length;
  for (let o = 0, at = from; o < rows; o++) {
    let sum = 0;
    for (let i = 0; i < columns; i++, at++) sum += weights[at] * vector[i];
    out[o] = sum;
  }
  return out;
}

/** Plays a model over player.c, 64 frames at a time, its knobs still or on their way. */
class Player {
  constructor(model, instance) {
    this.model = model;
    this.wasm = instance.exports;
    this.isLSTM = model.section.architecture === "lstm";
    if (this.isLSTM) this.loadLSTM(); else this.loadWaveNet();
    const view = (place, count) => new Float32Array(this.wasm.memory.buffer, place, count);
    this.input = view(this.wasm.input(), BLOCK);
    this.output = view(this.wasm.output(), BLOCK);
    this.now = view(this.wasm.now(), this.moved);
    this.then = view(this.wasm.then(), this.moved);
    this.units = null;
  }

  /** Copy weights to where player.c finds them. */
  put(values) {
    const place = this.wasm.alloc(values.length);
    new Float32Array(this.wasm.memory.buffer, place, values.length).set(values);
    return place;
  }

  /** Weights (taps, out, in) in groups of four outputs: by tap, by input, by output. */
  grouped(weights, taps, outputs, inputs) {
    const told = new Float32Array(fours(outputs) * taps * inputs);
    let at = 0;
    for (let group = 0; group < outputs; group += 4)
      for (let k = 0; k < taps; k++)
        for (let i = 0; i < inputs; i++)
          for (let o = group; o < group + 4; o++, at++)
            if (o < outputs) told[at] = weights[(k * outputs + o) * inputs + i];
    return this.put(told);
  }

  loadWaveNet() {
    const arrays = this.model.section.arrays;
    this.moved = 4 + fours(arrays[0].channels);
    for (const shape of arrays) this.moved += 4 * fours(shape.channels) * shape.dilations.length;
    this.wasm.begin(this.moved);
    this.model.arrays.forEach((own, a) => {
      const n = own.channels, size = n * n, before = a ? arrays[a - 1].channels : 1;
      this.wasm.add_array(n, own.head_size, own.head_kernel, own.slope === null ? 1 : 0, own.slope ?? 0,
        this.grouped(own.rechannel, 1, n, before),
        this.grouped(own.head, own.head_kernel, own.head_size, n));
      let tap = 0;
      own.dilations.forEach((dilation, l) => {
        const kernel = own.kernel_sizes[l];
        this.wasm.add_layer(kernel, dilation,
          this.grouped(own.conv.subarray(tap * size, (tap + kernel) * size), kernel, n, n),
          this.grouped(own.layer1x1.subarray(l * size, (l + 1) * size), 1, n, n));
        tap += kernel;
      });
    });
  }

  loadLSTM() {
    const { tensors, shapes } = this.model;
    this.wasm.begin_cells();
    for (let l = 0; `layers.${l}.hidden` in tensors; l++) {
      const units = shapes[`layers.${l}.hidden`][1], wide = fours(units);
      const inputs = l ? units : 1, columns = shapes[`layers.${l}.input`][1];
      const laid = (weights, count, stride) => {
        const told = new Float32Array(4 * wide * count);
        for (let i = 0; i < count; i++)
          for (let g = 0; g < 4; g++)
            for (let u = 0; u < units; u++) told[i * 4 * wide + g * wide + u] = weights[(g * units + u) * stride + i];
        return this.put(told);
      };
      this.wasm.add_cell(inputs, units, laid(tensors[`layers.${l}.input`], inputs, columns),
        laid(tensors[`layers.${l}.hidden`], units, units), laid(tensors[`layers.${l}.bias`], 1, 1));
      if (!l) this.wide = wide;
    }
    this.wasm.set_head(this.put(tensors["head.weight"]));
    this.moved = 4 + 4 * this.wide;
    this.wasm.begin(this.moved);
  }

  /** Everything that knobs move, as player.c reads it, into `to`. */
  fill(to, units) {
    if (this.isLSTM) this.fillLSTM(to, units); else this.fillWaveNet(to, units);
  }

  fillWaveNet(to, units) {
    const { arrays, section } = this.model, terms = new WaveNetTerms(this.model, units);
    to[0] = terms.level;
    to[1] = section.silent ? 0 : terms.constant;
    arrays[0].rechannel.forEach((weight, c) => { to[4 + c] = weight * terms.drive; });
    let at = 4 + fours(arrays[0].channels);
    arrays.forEach((own, a) => {
      const n = own.channels, wide = fours(n), scales = terms.scales[a], rests = terms.rests[a];
      for (let l = 0; l < own.depth; l++, at += 4 * wide)
        for (let c = 0, from = l * n; c < n; c++, from++) {
          to[at + c] = scales[from];
          to[at + wide + c] = own.input_mixin[from] * scales[from] * terms.drive;
          to[at + 2 * wide + c] = rests[from];
          // Of the very number that the player has: what is taken off is what is added.
          to[at + 3 * wide + c] = own.act(Math.fround(rests[from]));
        }
    });
  }

  fillLSTM(to, units) {
    const { section, tensors, shapes } = this.model, encoded = this.model.encode(units);
    to[0] = Math.exp(encoded[1]);
    to[1] = section.silent ? 0 : tensors["head.bias"][0];
    to[2] = Math.exp(encoded[0]);
    const beside = this.model.beside(units), count = shapes["layers.0.hidden"][1];
    const into = tensors["layers.0.input"], columns = shapes["layers.0.input"][1];
    for (let g = 0; g < 4; g++)
      for (let u = 0; u < count; u++) {
        let sum = tensors["layers.0.bias"][g * count + u];
        beside.forEach((x, i) => { sum += x * into[(g * count + u) * columns + 1 + i]; });
        to[4 + g * this.wide + u] = sum;
      }
  }

  /** Play the 64 frames in `input` into `output`, while the knobs go to `units` on a line. */
  play(units) {
    if (this.units === null) this.stand(units);
    const moves = units.some((u, k) => u !== this.units[k]);
    if (moves) this.fill(this.then, units);
    this.wasm[this.isLSTM ? "lstm" : "wavenet"](moves ? 1 : 0);
    if (!moves) return;
    this.now.set(this.then);
    this.units = units.slice();
  }

  /** Begin at a setting, where silence has been for ever. */
  stand(units) {
    this.units = units.slice();
    this.fill(this.now, units);
    this.then.set(this.now);
    if (!this.isLSTM) return;
    this.input.fill(0);
    for (let done = 0; done < this.model.section.history_frames; done += BLOCK) this.wasm.lstm(0);
  }
}

/** Play a recording from silence along a path of points, one every 64 frames; the last one stays. */
function render(player, audio, path) {
  const out = new Float32Array(audio.length);
  player.stand(path[0]);
  for (let at = 0, ramp = 1; at < audio.length; at += BLOCK, ramp++) {
    player.input.fill(0);
    player.input.set(audio.subarray(at, at + BLOCK));
    player.play(path[Math.min(ramp, path.length - 1)]);
    out.set(player.output.subarray(0, Math.min(BLOCK, audio.length - at)), at);
  }
  return out;
}
