// A stock .nam file of what is heard, made in the page: knobs multiplied into plain weights.
// The order is that of models/nam/writer.py; everything else of the file was written with the page.

function wavenetWeights(model, units) {
  const { section, arrays } = model, terms = new WaveNetTerms(model, units);
  const weights = [];
  arrays.forEach((own, a) => {
    const n = own.channels, scales = terms.scales[a], shifts = terms.shifts[a];
    for (const w of own.rechannel) weights.push(a ? w : w * terms.drive);
    let tap = 0;
    own.kernel_sizes.forEach((kernel, l) => {
      for (let o = 0; o < n; o++)
        for (let i = 0; i < n; i++)
          for (let k = 0; k < kernel; k++) weights.push(own.conv[((tap + k) * n + o) * n + i] * scales[l * n + o]);
      for (let at = l * n; at < (l + 1) * n; at++) weights.push(own.bias[at] * scales[at] + shifts[at]);
      for (let at = l * n; at < (l + 1) * n; at++) weights.push(own.input_mixin[at] * scales[at] * terms.drive);
      weights.push(...own.layer1x1.subarray(l * n * n, (l + 1) * n * n));
      weights.push(...own.layer1x1_bias.subarray(l * n, (l + 1) * n));
      tap += kernel;
    });
    for (let o = 0; o < own.head_size; o++)
      for (let i = 0; i < n; i++)
        for (let k = 0; k < own.head_kernel; k++) weights.push(own.head[(k * own.head_size + o) * n + i]);
    // What silence would give is taken off in the last head, so that silence gives nothing.
    const off = section.silent && a === arrays.length - 1 ? terms.constant : 0;
    weights.push(...Array.from(own.head_bias ?? [], (bias) => bias - off));
  });
  return [...weights, terms.level];
}

function lstmWeights(model, units) {
  const { section, tensors, shapes } = model, encoded = model.encode(units);
  const drive = Math.exp(encoded[0]), level = Math.exp(encoded[1]), beside = model.beside(units);
  const layers = [], weights = [];
  for (let l = 0; `layers.${l}.hidden` in tensors; l++) {
    const count = shapes[`layers.${l}.hidden`][1], columns = shapes[`layers.${l}.input`][1];
    const into = tensors[`layers.${l}.input`], back = tensors[`layers.${l}.hidden`];
    const rows = [], biases = Array.from(tensors[`layers.${l}.bias`]);
    for (let row = 0; row < 4 * count; row++) {
      const first = into.subarray(row * columns, (row + 1) * columns);
      if (l) rows.push(...first);
      else {
        rows.push(first[0] * drive);
        beside.forEach((x, i) => { biases[row] += x * first[1 + i]; });
      }
      rows.push(...back.subarray(row * count, (row + 1) * count));
    }
    layers.push({ count, inputs: l ? count : 1, rows, biases });
  }
  const states = settledStates(layers, section.history_frames);
  layers.forEach((layer, l) => weights.push(...layer.rows, ...layer.biases, ...states[l].h, ...states[l].c));
  for (const w of tensors["head.weight"]) weights.push(w * level);
  return [...weights, section.silent ? 0 : tensors["head.bias"][0] * level];
}

/** The state that silence leads to: a player starts from it. */
function settledStates(layers, frames) {
  const states = layers.map(({ count }) => ({ h: new Array(count).fill(0), c: new Array(count).fill(0) }));
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  for (let f = 0; f < frames; f++) {
    let heard = [0];
    layers.forEach(({ count, inputs, rows, biases }, l) => {
      const state = states[l], wide = inputs + count;
      const gates = biases.map((bias, row) => {
        let sum = bias;
        for (let i = 0; i < inputs; i++) sum += rows[row * wide + i] * heard[i];
        for (let u = 0; u < count; u++) sum += rows[row * wide + inputs + u] * state.h[u];
        return sum;
      });
      for (let u = 0; u < count; u++)
        state.c[u] = sigmoid(gates[count + u]) * state.c[u] + sigmoid(gates[u]) * Math.tanh(gates[2 * count + u]);
      for (let u = 0; u < count; u++) state.h[u] = sigmoid(gates[3 * count + u]) * Math.tanh(state.c[u]);
      heard = state.h;
    });
  }
  return states;
}

/** Loudness in dBFS and gain of a model at a setting, as models/nam/loudness.py measures them. */
async function measureLoudness(section, recording, units) {
  const player = newPlayer(section), steps = 11, levels = [];
  for (let step = 0; step < steps; step++) {
    const played = render(player, recording.map((v) => (v * step) / (steps - 1)), [units]);
    levels.push(Math.sqrt(played.reduce((sum, v) => sum + v * v, 0) / played.length));
    // The page answers in between: eleven seconds of audio are a second or more of work.
    await new Promise((resume) => { setTimeout(resume); });
  }
  const loudest = levels[steps - 1], least = 0.5 * steps * loudest;
  if (!(loudest > 0) || !Number.isFinite(loudest)) return {};
  const gain = (levels.reduce((sum, level) => sum + level, 0) - least) / (steps * loudest - least);
  return { loudness: 20 * Math.log10(loudest), gain: Math.min(1, Math.max(0, gain)) };
}

/** The document of a stock .nam file at a setting; `told` is the setting in words, `measured` what it sounds like. */
function namDocument(model, template, units, told, measured = {}) {
  const isLSTM = model.section.architecture === "lstm";
  const weights = (isLSTM ? lstmWeights : wavenetWeights)(model, units).map(Math.fround);
  const now = new Date();
  const date = {
    year: now.getUTCFullYear(), month: now.getUTCMonth() + 1, day: now.getUTCDate(),
    hour: now.getUTCHours(), minute: now.getUTCMinutes(), second: now.getUTCSeconds(),
  };
  const words = Object.entries(told).map(([name, value]) => `${name} ${value}`).join("  ");
  const document = structuredClone(template);
  document.metadata = { ...template.metadata, ...measured, date, name: `${template.metadata.name}: ${words}`, setting: told };
  document.weights = weights;
  if (!isLSTM) document.config.head_scale = weights[weights.length - 1];
  return document;
}
