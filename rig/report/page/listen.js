// Listening: take, model and difference in one loop, and blind tests with results that can be saved.

/** Milliseconds after the last sound until the audio thread rests: what still rings has ended then. */
const REST_MS = 4000;
/** Seconds of a change from one sound to another, and of the fade at a loop's ends. */
const CHANGE_S = 0.012;

const audio = {
  /** The page's audio, made when somebody first wants to hear something. */
  context(rate) {
    this.made ??= new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    if (this.made.state === "suspended") this.made.resume();
    return this.made;
  },

  users: new Set(),
  /** Somebody plays, or has stopped. A page that lies open in silence costs no battery. */
  plays(user, is) {
    if (is) this.users.add(user); else this.users.delete(user);
    clearTimeout(this.rest);
    if (!this.users.size) this.rest = setTimeout(() => this.made?.suspend(), REST_MS);
  },
};

/** The samples of a clip: 16 bits behind the header of a WAV, times what full scale stands for. */
function samplesOf({ wav, scale }) {
  const bytes = Uint8Array.from(atob(wav), (sign) => sign.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 12;
  while (String.fromCharCode(...bytes.subarray(at, at + 4)) !== "data") at += 8 + view.getUint32(at + 4, true);
  const count = view.getUint32(at + 4, true) / 2, samples = new Float32Array(count);
  for (let i = 0; i < count; i++) samples[i] = (view.getInt16(at + 8 + 2 * i, true) / 32768) * scale;
  return samples;
}

/** The three sounds of a setting as they are compared: take and model equally loud. */
function soundsOf(heard, boost = 1) {
  const amp = samplesOf(heard.amp), model = samplesOf(heard.model);
  return {
    amp: amp.map((v) => v * heard.amp.gain),
    model: model.map((v) => v * heard.model.gain),
    difference: amp.map((v, i) => Math.max(-1, Math.min(1, (v - model[i]) * heard.amp.gain * boost))),
  };
}

/** Several sounds that run in step, of which one is heard. */
class Loop {
  constructor(rate) { this.rate = rate; this.sources = []; this.gains = {}; }

  get isPlaying() { return this.sources.length > 0; }

  start(sounds, name) {
    this.stop();
    audio.plays(this, true);
    const context = audio.context(this.rate), at = context.currentTime + 0.03;
    for (const [key, samples] of Object.entries(sounds)) {
      const buffer = context.createBuffer(1, samples.length, this.rate), faded = samples.slice();
      const fade = Math.min(Math.round(CHANGE_S * this.rate), samples.length >> 1);
      // Where a loop begins again there is no step.
      for (let i = 0; i < fade; i++) { faded[i] *= i / fade; faded[samples.length - 1 - i] *= i / fade; }
      buffer.copyToChannel(faded, 0);
      const source = new AudioBufferSourceNode(context, { buffer, loop: true });
      const gain = new GainNode(context, { gain: key === name ? 1 : 0 });
      source.connect(gain).connect(context.destination);
      source.start(at);
      this.sources.push(source);
      this.gains[key] = gain;
    }
    this.heard = name;
  }

  choose(name) {
    this.heard = name;
    for (const [key, gain] of Object.entries(this.gains))
      gain.gain.setTargetAtTime(key === name ? 1 : 0, gain.context.currentTime, CHANGE_S / 3);
  }

  stop() {
    for (const source of this.sources) source.stop();
    this.sources = [];
    this.gains = {};
    audio.plays(this, false);
  }
}

function download(name, text, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Buttons of which one is pressed. */
function choices(label, names, pressed, chosen) {
  const buttons = Object.entries(names).map(([key, words]) => make("button", { type: "button", "aria-pressed": String(key === pressed), "data-key": key, onclick: () => { mark(key); chosen(key); } }, words));
  const mark = (key) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.key === key)));
  return { element: make("div", { class: "row", role: "group", "aria-label": label }, buttons), mark };
}

function listenPart(content) {
  const { modelled } = content;
  if (!modelled?.heard.length) return null;
  const loop = new Loop(modelled.sample_rate);
  // A file saved later holds those of before: by its listener, one takes the place of the other.
  const listener = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const results = { format: "rig-listening", version: 1, listener, session: content.report.session, model: content.model, abx: [], ended_early: [], mushra: [] };
  const pick = make("select", { "aria-label": "setting" }, modelled.heard.map((h, i) => make("option", { value: i }, `${i === 0 ? "worst: " : ""}${h.told} (ESR ${esr(h.esr)})`)));
  const heard = () => modelled.heard[Number(pick.value)];
  const save = make("button", { type: "button", disabled: true, onclick: () => { download(`${content.report.session}-listening.json`, JSON.stringify({ ...results, at: new Date().toISOString() }, null, 1), "application/json"); isSaved = true; } }, "Save my results");
  let isSaved = true;
  const done = () => { save.disabled = false; isSaved = false; };
  addEventListener("beforeunload", (event) => { if (!isSaved) event.preventDefault(); });
  const tests = [openPart(loop, heard), abxPart(loop, heard, results, done), mushraPart(loop, heard, results, done, modelled.sample_rate)];
  const stopAll = () => { loop.stop(); tests.forEach((test) => test.pause()); };
  // Half a test at one setting and half at another would be none.
  pick.addEventListener("change", () => { loop.stop(); tests.forEach((test) => test.end()); });
  document.addEventListener("rig-plays", stopAll);
  document.addEventListener("rig-listens", () => tests.forEach((test) => test.pause()));
  return section("listen", "Listen",
    make("p", {}, "At settings that the model has never heard, the worst first. Take and model are made equally loud (ITU-R BS.1770)."),
    make("div", { class: "live" }, make("div", { class: "row" }, make("label", {}, "Setting", pick), make("button", { type: "button", "aria-label": "Stop listening", onclick: stopAll }, "Stop"), save),
      tests.map((test) => test.element),
      make("p", { class: "soft" }, "Send the saved file to whoever made this: ", make("code", {}, "rig report SESSION --results FILE"), " reads it.")));
}

function openPart(loop, heard) {
  const names = { amp: "Amp", model: "Model", difference: "Difference" };
  const boost = make("input", { type: "checkbox" });
  const group = choices("what is heard", names, null, (key) => {
    if (loop.isPlaying && loop.owner === "open") loop.choose(key); else { document.dispatchEvent(new Event("rig-listens")); start(key); }
  });
  const start = (key) => { loop.owner = "open"; loop.start(soundsOf(heard(), boost.checked ? 10 : 1), key); group.mark(key); };
  boost.addEventListener("change", () => { if (loop.owner === "open" && loop.isPlaying) start(loop.heard); });
  const pause = () => group.mark(null);
  return { element: make("div", {}, make("h3", {}, "Side by side"), group.element, make("label", {}, boost, " difference 20 dB louder")), pause, end: pause };
}

/** For so long X must have sounded before an answer counts; a double click is over by then, too. */
const HEARD_MS = 500;

function abxPart(loop, heard, results, done) {
  const count = make("select", { "aria-label": "number of trials" }, [10, 16, 20].map((n) => make("option", { value: n, selected: n === 16 }, `${n} trials`)));
  const told = make("p", { role: "status" }, "X is the amp or the model. Which of them?");
  const hint = make("p", { class: "soft" }, "An answer counts once X was heard in its trial."), place = make("div", {});
  let state = null, wait = 0, focused = null;
  const answers = Object.entries({ amp: "X is the amp", model: "X is the model" }).map(([key, words]) => make("button", { type: "button", class: "main", onclick: () => answer(key) }, words));
  const allow = (is) => {
    // A button that is switched off loses the focus of whoever goes by keys.
    if (!is) focused = answers.find((button) => button === document.activeElement) ?? focused;
    answers.forEach((button) => { button.disabled = !is; });
    hint.style.visibility = is ? "hidden" : "";
    if (is && document.activeElement === document.body) focused?.focus({ preventScroll: true });
  };
  const listened = () => {
    if (!state || loop.owner !== "abx" || !loop.isPlaying || loop.named !== "x") return;
    if (audio.made.state !== "running") { wait = setTimeout(listened, HEARD_MS); return; }
    state.isHeard = true;
    allow(true);
  };
  const pause = () => { clearTimeout(wait); group.mark(null); };
  const endsEarly = () => {
    // Whoever stops while it goes well, or badly, would bend the count: that it was so is saved, too.
    if (state?.trials) { results.ended_early.push({ setting: state.setting, trials: state.trials, right: state.right }); done(); }
    return state ? `The test ended after ${state.trials} of ${state.of} trials and is not counted.` : "";
  };
  const end = () => {
    if (state) told.textContent = endsEarly();
    pause();
    state = focused = null;
    place.replaceChildren();
  };
  const play = (name) => {
    if (!state) return;
    const key = name === "x" ? state.x : name;
    if (loop.isPlaying && loop.owner === "abx") loop.choose(key); else { document.dispatchEvent(new Event("rig-listens")); loop.owner = "abx"; loop.start(state.sounds, key); group.mark(name); }
    loop.named = name;
    clearTimeout(wait);
    if (name === "x" && !state.isHeard) wait = setTimeout(listened, HEARD_MS);
  };
  const next = () => {
    state.x = crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? "amp" : "model";
    state.isHeard = false;
    told.textContent = `Trial ${state.trials + 1} of ${state.of}.`;
    allow(false);
    group.mark("x");
    play("x");
  };
  const group = choices("what is heard", { amp: "A: the amp", model: "B: the model", x: "X" }, "x", play);
  const answer = (key) => {
    if (!state?.isHeard) return;
    state.trials += 1;
    state.right += key === state.x;
    if (state.trials < state.of) { next(); return; }
    const { setting, trials, right } = state, chance = binomialTail(right, trials);
    results.abx.push({ setting, trials, right });
    state = null;
    loop.stop();
    end();
    told.textContent = `${right} of ${trials} right: ${chance < 0.05 ? "you could tell them apart" : "you could not be shown to tell them apart"} (p = ${Number(chance.toPrecision(2))}).`;
    done();
  };
  const begin = make("button", { type: "button", onclick: () => {
    document.dispatchEvent(new Event("rig-listens"));
    loop.stop();
    const { amp, model } = soundsOf(heard()), before = state ? `${endsEarly()} ` : "";
    state = { trials: 0, right: 0, of: Number(count.value), setting: heard().told, sounds: { amp, model } };
    place.replaceChildren(group.element, make("div", { class: "row" }, answers), hint);
    next();
    told.prepend(before);
  } }, "Begin the blind test");
  return { element: make("div", { id: "abx" }, make("h3", {}, "Can you tell? (ABX)"), make("div", { class: "row" }, count, begin), told, place), pause, end };
}

/** The amp with nothing above 3.5 kHz: everybody hears that it is worse (ITU-R BS.1534's anchor). */
async function anchorOf(samples, rate) {
  const context = new OfflineAudioContext(1, samples.length, rate), buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(samples, 0);
  let node = new AudioBufferSourceNode(context, { buffer });
  node.start();
  // Three pairs of poles of a Butterworth filter of the sixth order; Web Audio has Q in decibels.
  for (const q of [0.5176, 0.7071, 1.9319]) node = node.connect(new BiquadFilterNode(context, { type: "lowpass", frequency: 3500, Q: 20 * Math.log10(q) }));
  node.connect(context.destination);
  return (await context.startRendering()).getChannelData(0);
}

/** What somebody who has just rated them wants to know of the sounds. */
const RATED = { "hidden reference": "hidden reference", model: "model", "low-pass anchor": "low-pass anchor (the amp without its treble)" };

function mushraPart(loop, heard, results, done, rate) {
  const place = make("div", {}), told = make("p", { role: "status" });
  let round = null, group = null;
  const pause = () => group?.mark(null);
  const end = () => {
    if (round) told.textContent = "The rating ended before Done and is not counted.";
    round = group = null;
    place.replaceChildren();
  };
  const begin = make("button", { type: "button", onclick: async () => {
    document.dispatchEvent(new Event("rig-listens"));
    loop.stop();
    const mine = { setting: heard().told }, { amp, model } = soundsOf(heard());
    end();
    round = mine;
    const named = { "hidden reference": amp, model, "low-pass anchor": await anchorOf(amp, rate) };
    // Clicked twice, or the setting was changed meanwhile.
    if (round !== mine) return;
    const order = Object.keys(named).map((name) => [crypto.getRandomValues(new Uint32Array(1))[0], name]).sort((a, b) => a[0] - b[0]).map(([, name]) => name);
    const sounds = { reference: amp, ...Object.fromEntries(order.map((name, i) => [`sound-${i + 1}`, named[name]])) };
    const labels = { reference: "Reference", ...Object.fromEntries(order.map((_, i) => [`sound-${i + 1}`, `Sound ${i + 1}`])) };
    const unheard = new Set(Object.keys(labels)), hint = make("p", { class: "soft" });
    const play = (key) => {
      if (round !== mine) return;
      if (loop.isPlaying && loop.owner === "mushra") loop.choose(key); else { document.dispatchEvent(new Event("rig-listens")); loop.owner = "mushra"; loop.start(sounds, key); group.mark(key); }
      unheard.delete(key);
      finish.disabled = unheard.size > 0;
      hint.textContent = unheard.size ? `Done needs every sound played once; still to play: ${[...unheard].map((each) => labels[each]).join(", ")}.` : "";
    };
    group = choices("what is heard", labels, "reference", play);
    const sliders = order.map((_, i) => make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": `how close sound ${i + 1} is to the reference` }));
    const rows = sliders.map((slider, i) => {
      const shown = make("output", {}, "50");
      slider.addEventListener("input", () => { shown.textContent = slider.value; });
      return make("div", { class: "rating" }, make("span", {}, `Sound ${i + 1}`), slider, shown);
    });
    const finish = make("button", { type: "button", class: "main", disabled: true, onclick: () => {
      if (round !== mine || unheard.size) return;
      const ratings = Object.fromEntries(order.map((name, i) => [name, Number(sliders[i].value)]));
      results.mushra.push({ setting: mine.setting, ratings });
      round = null;
      loop.stop();
      end();
      told.textContent = `${order.map((name, i) => `Sound ${i + 1} was the ${RATED[name]}, to which you gave ${ratings[name]}`).join("; ")}.`;
      done();
    } }, "Done");
    place.replaceChildren(group.element, make("p", { class: "soft" }, "One of the sounds is the reference itself. 100: the same; 0: bad."), ...rows, finish, hint);
    play("reference");
  } }, "Begin rating");
  return { element: make("div", { id: "mushra" }, make("h3", {}, "How close is it? (after MUSHRA)"), make("div", { class: "row" }, begin), told, place), pause, end };
}
