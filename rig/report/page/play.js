// Playing the captured amp: its knobs, what is played through it, and what is behind it.

/** Bytes of player.c as compiled. */
const playerBinary = () => Uint8Array.from(atob(document.getElementById("player-binary").textContent), (sign) => sign.charCodeAt(0));

/** A player in this thread: for files, tests, and to see how fast it goes here. */
function newPlayer(section) {
  return new Player(new KnobModel(section), new WebAssembly.Instance(new WebAssembly.Module(playerBinary())));
}

/** The captured amp as a node of an audio graph. */
async function ampNode(context, section, options) {
  const source = JSON.parse(document.getElementById("worklet-source").textContent);
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } catch {
    // Some browsers take no module from a blob where the page is a file.
    await context.audioWorklet.addModule(`data:text/javascript;base64,${btoa(source)}`);
  } finally { URL.revokeObjectURL(url); }
  // The audio thread cannot read base64.
  const { tensors } = new KnobModel(section), shapes = Object.entries(section.tensors);
  const told = Object.fromEntries(shapes.map(([name, { shape }]) => [name, { shape, values: tensors[name] }]));
  const node = new AudioWorkletNode(context, "rig-amp", {
    channelCount: 1, channelCountMode: "explicit", outputChannelCount: [1],
    processorOptions: { section: { ...section, tensors: told }, binary: playerBinary(), ...options },
  });
  // It would be silent without a word.
  node.onprocessorerror = () => console.error("the amp failed in the audio thread");
  return node;
}

const dbToGain = (db) => 10 ** (db / 20);

/** From here on peaks are rounded, and none gets past full scale: a headphone is on somebody's ears. */
const LIMIT_FROM = dbToGain(-1);

/** What the limiter's curve spans, in full scales; beyond it is flat. */
const LIMITER_WIDTH = 8;

function limitingCurve() {
  const half = 8192, curve = new Float32Array(2 * half + 1);
  for (let i = 0; i <= half; i++) {
    const x = (i * LIMITER_WIDTH) / half, room = 1 - LIMIT_FROM;
    const y = x <= LIMIT_FROM ? x : LIMIT_FROM + room * Math.tanh((x - LIMIT_FROM) / room);
    curve[half + i] = y;
    curve[half - i] = -y;
  }
  return curve;
}

/** What sounds: source, amp or bypass, cabinet, gain, meter. */
class Stage {
  // The meter looks every 50 ms: in its `span` of frames no peak falls between two looks.
  constructor(rate, section) { Object.assign(this, { rate, section, loud: 0, bypassed: false, side: "left", span: rate > 64000 ? 8192 : 4096 }); }

  /** Once, however fast it is clicked; after a failure, again. */
  open(units) {
    this.opened ??= this.build(units).catch((error) => { this.opened = null; throw error; });
    return this.opened;
  }

  async build(units) {
    this.context = audio.context(this.rate);
    const gain = (value) => new GainNode(this.context, { gain: value });
    this.inlet = gain(1);
    this.amp = await ampNode(this.context, this.section, { units });
    [this.wet, this.dry, this.straight, this.boxed, this.out] = [gain(1), gain(0), gain(1), gain(0), gain(this.loud)];
    // What browsers do to an IR by themselves leaves even a plain impulse 28 dB down.
    this.cabinet = new ConvolverNode(this.context, { disableNormalization: true });
    this.analyser = new AnalyserNode(this.context, { fftSize: this.span });
    const mixed = gain(1);
    this.inlet.connect(this.amp).connect(this.wet).connect(mixed);
    this.inlet.connect(this.dry).connect(mixed);
    mixed.connect(this.straight).connect(this.out);
    mixed.connect(this.boxed).connect(this.cabinet).connect(this.out);
    // A shaper holds its curve between -1 and 1: what goes in is turned down by its width.
    const limiter = new WaveShaperNode(this.context, { curve: limitingCurve() });
    this.out.connect(this.analyser);
    this.out.connect(gain(1 / LIMITER_WIDTH)).connect(limiter).connect(this.context.destination);
    this.bypass(this.bypassed);
    if (this.impulse) this.box(this.impulse);
  }

  // While the amp is still loading there is a context, and nothing in it to fade.
  fade(node, value) { node.gain.setTargetAtTime(value, this.context.currentTime, 0.008); }
  bypass(is) { this.bypassed = is; if (this.out) { this.fade(this.wet, is ? 0 : 1); this.fade(this.dry, is ? 1 : 0); } }
  gain(value) { this.loud = value; if (this.out) this.fade(this.out, value); }
  turn(units) { this.amp?.port.postMessage({ units }); }

  /** Put a cabinet behind the amp, or take it away. */
  box(impulse) {
    this.impulse = impulse;
    if (!this.out) return;
    if (impulse) {
      const buffer = this.context.createBuffer(1, impulse.length, this.rate);
      buffer.copyToChannel(impulse, 0);
      this.cabinet.buffer = buffer;
    }
    this.fade(this.boxed, impulse ? 1 : 0);
    this.fade(this.straight, impulse ? 0 : 1);
  }

  play(samples) {
    this.silence();
    audio.plays(this, true);
    audio.context(this.rate);
    const buffer = this.context.createBuffer(1, samples.length, this.rate);
    buffer.copyToChannel(samples, 0);
    this.source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
    this.source.connect(this.inlet);
    this.source.start();
  }

  /** Play what comes in, unless it is no longer `wanted`; returns whether it has more than one channel. */
  async listenTo(wanted) {
    this.silence();
    // What is made for calls would take a guitar apart. Without a wish for two channels some browsers mix them.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    if (!wanted()) { stream.getTracks().forEach((track) => track.stop()); return false; }
    audio.plays(this, true);
    audio.context(this.rate);
    this.stream = stream;
    this.source = new MediaStreamAudioSourceNode(this.context, { mediaStream: this.stream });
    const count = this.stream.getAudioTracks()[0].getSettings().channelCount ?? 2;
    this.sides = count > 1 ? new ChannelSplitterNode(this.context, { numberOfOutputs: 2 }) : null;
    if (!this.sides) { this.source.connect(this.inlet); return false; }
    this.picked = new GainNode(this.context);
    this.source.connect(this.sides);
    this.picked.connect(this.inlet);
    this.pick(this.side);
    return true;
  }

  /** Which channel of the interface is heard: left, right, or both, mixed. */
  pick(side) {
    this.side = side;
    if (!this.sides) return;
    this.sides.disconnect();
    if (side !== "right") this.sides.connect(this.picked, 0);
    if (side !== "left") this.sides.connect(this.picked, 1);
    this.picked.gain.value = side === "both" ? 0.5 : 1;
  }

  silence() {
    this.source?.disconnect();
    this.picked?.disconnect();
    this.source?.stop?.();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.source = this.stream = this.sides = this.picked = null;
    audio.plays(this, false);
  }
}

/** A mix with so little of its loudest channel's power is hardly that recording: 20 dB. */
const CANCELS = 0.01;

/** A WAV that was dropped or chosen, as one channel at the model's rate; the error says what is wrong. */
async function clipOf(file, rate) {
  const context = new OfflineAudioContext(1, 1, rate), bytes = await file.arrayBuffer();
  let buffer = null;
  try { buffer = await context.decodeAudioData(bytes); } catch { throw new Error("not audio that this browser can read."); }
  const samples = mono(buffer);
  if (!samples.every(Number.isFinite)) throw new Error("holds samples that are no finite numbers (NaN or infinity); export it again.");
  return samples;
}

/** All channels as one; where they cancel out, as with one side turned over, the loudest of them. */
function mono(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  const power = (samples) => samples.reduce((sum, v) => sum + v * v, 0);
  const mixed = new Float32Array(buffer.length).map((_, i) => channels.reduce((sum, each) => sum + each[i], 0) / channels.length);
  const loudest = channels.reduce((one, other) => (power(other) > power(one) ? other : one));
  return power(mixed) < CANCELS * power(loudest) ? loudest.slice() : mixed;
}

/** What pink noise from 80 Hz to 8 kHz, about a guitar, is louder by behind an impulse response. */
function gainOf(impulse, rate) {
  const count = 240;
  let power = 0;
  for (let i = 0; i < count; i++) {
    // Goertzel's sum at frequencies that are evenly spread by octaves, as the power of pink noise is.
    const turn = 2 * Math.cos((2 * Math.PI * 80 * 100 ** (i / (count - 1))) / rate);
    let last = 0, before = 0;
    for (const sample of impulse) { const now = sample + turn * last - before; before = last; last = now; }
    power += last * last + before * before - turn * last * before;
  }
  return Math.sqrt(power / count);
}

/** The longest cabinet in seconds: a whole song behind the amp would only stop the page. */
const LONGEST_IR_S = 10;

/** A cabinet's impulse response that leaves the loudness as it is; one of a plain impulse is that. */
function cabinetOf(samples, rate) {
  if (samples.length > LONGEST_IR_S * rate) throw new Error(`longer than ${LONGEST_IR_S} s, which is no cabinet's IR.`);
  const gain = gainOf(samples, rate);
  if (!(gain > 1e-9)) throw new Error("holds only silence.");
  return samples.map((v) => v / gain);
}

/** A file, chosen or dropped; `taken` is given it. */
function fileInput(words, accept, taken) {
  const input = make("input", { type: "file", accept, onchange: () => input.files[0] && taken(input.files[0]) });
  const place = make("label", { class: "drop" }, words, input);
  place.addEventListener("dragover", (event) => { event.preventDefault(); place.classList.add("over"); });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (event.dataTransfer.files[0]) taken(event.dataTransfer.files[0]);
  });
  return place;
}

function playPart(content) {
  const { modelled, report } = content;
  if (!modelled?.section) return null;
  const said = make("p", { role: "status", class: "soft" }, "Not playing.");
  const stage = new Stage(modelled.sample_rate, modelled.section);
  const recorded = report.settings.filter((s) => s.is_kept && s.role !== "holdout");
  let frame = 0;
  const controls = report.knobs.map((knob, k) => knobControl(knob, [...new Set(recorded.map((s) => s.units[k]))], () => turned()));
  const units = () => controls.map((control) => control.unit);
  const unsure = unsureLine(modelled.uncertainty, report.knobs);
  function turned() {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; unsure.look(units()); stage.turn(units()); });
  }
  const told = { guitar: "Playing held-out guitar.", input: "Playing what comes in. Use headphones: a loudspeaker would howl.", null: "Not playing." };
  // Whoever clicked last wins: what comes back from decoding looks whether it is still `asked`.
  let own = null, asked = 0, playing = null, box = null;
  const tell = (news = "") => { said.textContent = [news, told[playing], box ? `Cabinet: ${box}.` : playing ? "No cabinet." : ""].filter(Boolean).join(" "); };
  const start = async (source) => {
    const mine = ++asked, isWanted = () => mine === asked;
    document.dispatchEvent(new Event("rig-plays"));
    group.mark(source);
    try {
      await stage.open(units());
      await stage.context.resume();
      if (!isWanted()) return;
      stage.turn(units());
      sides.element.hidden = true;
      if (source !== "input") stage.play(source === "file" ? own : samplesOf(modelled.guitar));
      else { const hasSides = await stage.listenTo(isWanted); if (!isWanted()) return; sides.element.hidden = !hasSides; }
      playing = source;
      tell();
    } catch (error) {
      if (!isWanted()) return;
      stop();
      tell(source === "input" ? `The browser gives no input (${error.message}). Some give none to a page that is a file: try Chromium or Firefox.` : `This browser cannot play it (${error.message}).`);
    }
  };
  const stop = () => { asked += 1; stage.silence(); sides.element.hidden = true; group.mark(playing = null); tell(); };
  const group = choices("what is played", { guitar: "Play held-out guitar", file: "Your file", input: "Play my guitar (input)" }, null, start);
  const ownButton = group.element.querySelector("[data-key=file]");
  ownButton.hidden = true;
  const sides = choices("which channel of the interface", { left: "Left (input 1)", right: "Right (input 2)", both: "Both, mixed" }, stage.side, (side) => stage.pick(side));
  sides.element.hidden = true;
  sides.element.id = "sides";
  const file = fileInput("Your dry guitar (WAV) ", "audio/*", async (chosen) => {
    const mine = ++asked;
    group.mark(playing);
    tell(`Loading ${chosen.name} ...`);
    try {
      const samples = await clipOf(chosen, modelled.sample_rate);
      // Stopped meanwhile: it is there to be played, unless a later file is.
      if (mine !== asked && own) return;
      own = samples;
    } catch (error) { tell(`${chosen.name}: ${error.message}`); return; }
    told.file = `Playing your file ${chosen.name}.`;
    ownButton.textContent = `Play ${chosen.name}`;
    ownButton.hidden = false;
    if (mine === asked) start("file");
  });
  let boxes = 0;
  const setBox = (impulse, name) => { boxes += 1; stage.box(impulse); box = name; none.hidden = !name; tell(); };
  const cabinet = fileInput("A cabinet's IR (WAV) ", "audio/*", async (chosen) => {
    const mine = ++boxes;
    tell(`Loading ${chosen.name} ...`);
    try {
      const impulse = cabinetOf(await clipOf(chosen, modelled.sample_rate), modelled.sample_rate);
      if (mine === boxes) setBox(impulse, chosen.name);
    } catch (error) { tell(`${chosen.name}: ${error.message}`); }
  });
  const none = make("button", { type: "button", hidden: true, onclick: () => setBox(null, null) }, "No cabinet");
  document.addEventListener("rig-listens", stop);
  unsure.look(units());
  return section("play", "Play it",
    make("p", {}, "This is the captured amp. Turn its knobs: the blue part is where players set them, small marks are settings that were recorded."),
    make("div", { class: "live" },
      make("div", { class: "faceplate", role: "group", "aria-label": "faceplate" }, controls.map((control) => control.element)), unsure.element,
      group.element, sides.element, make("div", { class: "row" }, file, cabinet, none), said,
      make("div", { class: "row" }, make("button", { type: "button", "aria-label": "Stop playing", onclick: stop }, "Stop"), bypassBox(stage), gainSlider(stage, modelled), meter(stage)),
      make("div", { class: "row" }, presets(report, controls), namButton(content, controls)), loadLine(stage, modelled)));
}

/** Settings to go to: the reference, and every holdout. */
function presets(report, controls) {
  const unitOf = (knob) => (knob.reference - knob.low) / (knob.high - knob.low || 1);
  const places = [["reference setting", report.knobs.map(unitOf)], ...report.settings.filter((s) => s.esr !== null).sort((a, b) => b.esr - a.esr).map((s) => [`held out: ${s.told}`, s.units])];
  const pick = make("select", { "aria-label": "go to a setting", onchange: () => { const place = places[pick.value]; if (place) controls.forEach((control, k) => control.set(place[1][k])); } },
    make("option", { value: "" }, "Go to a setting"), places.map(([words], i) => make("option", { value: i }, words)));
  return pick;
}

function namButton({ modelled, report }, controls) {
  const words = "Download what is heard as .nam";
  const make_ = async () => {
    // As the knobs stand now: they may turn while it is measured.
    const told = Object.fromEntries(controls.map((control, k) => [report.knobs[k].name, control.words()]));
    const units = controls.map((control) => control.unit);
    button.disabled = true;
    button.textContent = "Measuring how loud it is";
    const measured = await measureLoudness(modelled.section, samplesOf(modelled.measuring), units);
    const document_ = namDocument(new KnobModel(modelled.section), modelled.template, units, told, measured);
    const name = Object.entries(told).map(([knob, value]) => `${knob}-${value}`).join("_").replace(/[^\w.-]+/g, "-");
    download(`${report.session.replace(/[^\w.-]+/g, "-")}_${name}.nam`, JSON.stringify(document_), "application/json");
    button.disabled = false;
    button.textContent = words;
  };
  const button = make("button", { type: "button", id: "nam", onclick: make_ }, words);
  return button;
}

function loadLine(stage, { sample_rate: rate, section, guitar }) {
  const line = make("p", { class: "soft", id: "load" }, "How much of this machine it takes is told while it plays.");
  const wait = setInterval(() => {
    if (!stage.amp) return;
    clearInterval(wait);
    const speed = realTimeFactor(section, samplesOf(guitar).subarray(0, rate >> 1), rate);
    const base = `This machine can play it ${speed.toFixed(1)} times as fast as needed.`;
    line.textContent = base;
    stage.amp.port.onmessage = ({ data }) => { line.textContent = `${base} Load of the audio thread: ${Math.round(100 * data.load)} %.`; };
  }, 500);
  return line;
}

/** How many seconds of audio are played in a second, knobs still. */
function realTimeFactor(section, samples, rate) {
  const player = newPlayer(section), units = section.knobs.map(() => 0.5);
  render(player, samples.subarray(0, rate >> 3), [units]);
  const began = performance.now();
  render(player, samples, [units]);
  return samples.length / rate / ((performance.now() - began) / 1000);
}
