// Knobs as on the faceplate: turned by pointer, wheel and keyboard, told to screen readers.
// Behind them: bypass, the output's gain, and the meter.

/** A knob goes round from half past seven to half past four, in degrees from the top. */
const TURN = [-135, 135];

function onArc(unit, radius) {
  const angle = ((TURN[0] + unit * (TURN[1] - TURN[0])) * Math.PI) / 180;
  return [60 + radius * Math.sin(angle), 58 - radius * Math.cos(angle)];
}

function arc(from, to, radius) {
  const [x0, y0] = onArc(from, radius), [x1, y1] = onArc(to, radius);
  return `M${x0} ${y0}A${radius} ${radius} 0 ${(to - from) * 270 > 180 ? 1 : 0} 1 ${x1} ${y1}`;
}

/** A control for a knob; `told` is called with its unit whenever it moves. */
function knobControl(knob, recorded, told) {
  return knob.labels.length ? switchControl(knob, told) : dialControl(knob, recorded, told);
}

function dialControl(knob, recorded, told) {
  const span = knob.high - knob.low || 1, unitOf = (value) => (value - knob.low) / span;
  const step = Math.max(knob.step / span, 1e-6);
  const words = make("span", { class: "value", "aria-hidden": "true" });
  const pointer = make("line", { class: "dial-pointer" });
  const inside = (unit) => Math.min(1, Math.max(0, unit));
  const play = knob.play.map((value) => inside(unitOf(value)));
  const svg = make("svg", { viewBox: "0 0 120 112", tabindex: "0", role: "slider", "aria-label": knob.name, "aria-valuemin": knob.low, "aria-valuemax": knob.high },
    make("path", { class: "dial-track", d: arc(0, 1, 44) }), make("path", { class: "dial-play", d: arc(play[0], play[1], 44) }),
    recorded.map((unit) => { const [x1, y1] = onArc(unit, 49), [x2, y2] = onArc(unit, 55); return make("line", { class: "dial-tick", x1, y1, x2, y2 }); }),
    make("circle", { class: "dial-body", cx: 60, cy: 58, r: 34 }), pointer,
    make("text", { x: onArc(0, 55)[0], y: 110, "text-anchor": "middle", "font-size": 11, fill: "currentColor" }, knob.low),
    make("text", { x: onArc(1, 55)[0], y: 110, "text-anchor": "middle", "font-size": 11, fill: "currentColor" }, knob.high));
  const control = { unit: unitOf(knob.reference), element: null, words: () => Number((knob.low + control.unit * span).toFixed(2)) };
  control.set = (unit) => {
    // A faceplate has only so many positions: what is heard is one of them.
    control.unit = inside(Math.round(inside(unit) / step) * step);
    const [x1, y1] = onArc(control.unit, 14), [x2, y2] = onArc(control.unit, 30);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) pointer.setAttribute(name, value);
    words.textContent = control.words();
    svg.setAttribute("aria-valuenow", control.words());
    svg.setAttribute("aria-valuetext", `${knob.name} ${control.words()}`);
    told();
  };
  const keys = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
  svg.addEventListener("keydown", (event) => {
    if (event.key in keys) control.set(control.unit + keys[event.key] * Math.max(step, 0.01));
    else if (event.key === "Home") control.set(0);
    else if (event.key === "End") control.set(1);
    else return;
    event.preventDefault();
  });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); held = { y: event.clientY, x: event.clientX, unit: control.unit }; });
  svg.addEventListener("pointermove", (event) => { if (held) control.set(held.unit + (held.y - event.clientY + event.clientX - held.x) / (event.shiftKey ? 900 : 200)); });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { held = null; });
  svg.addEventListener("dblclick", () => control.set(unitOf(knob.reference)));
  svg.addEventListener("wheel", (event) => { event.preventDefault(); control.set(control.unit - Math.sign(event.deltaY) * Math.max(step, 0.01)); }, { passive: false });
  control.element = make("div", { class: "knob" }, make("div", { class: "name" }, knob.name), svg, words);
  control.set(control.unit);
  return control;
}

function switchControl(knob, told) {
  const last = Math.max(knob.labels.length - 1, 1), control = { unit: 0 };
  const name = `switch-${knob.name}`;
  const inputs = knob.labels.map((label, place) => make("input", { type: "radio", name, value: place, onchange: () => control.set(place / last) }));
  control.words = () => knob.labels[Math.round(control.unit * last)];
  control.set = (unit) => {
    control.unit = Math.round(unit * last) / last;
    inputs[Math.round(control.unit * last)].checked = true;
    told();
  };
  control.element = make("fieldset", { class: "knob", style: "border:0;margin:0;padding:0" }, make("legend", { class: "name", style: "margin:auto" }, knob.name),
    make("div", { class: "switch" }, knob.labels.map((label, place) => make("label", {}, inputs[place], ` ${label}`))));
  control.set((knob.reference - knob.low) / (knob.high - knob.low || 1));
  return control;
}

function bypassBox(stage) {
  const box = make("input", { type: "checkbox", onchange: () => stage.bypass(box.checked) });
  return make("label", {}, box, "Bypass");
}

/** The output's gain in dB, from where the worst and the best setting are as loud as when compared. */
function gainSlider(stage, { heard }) {
  const gains = heard.map((h) => h.model.gain).sort((a, b) => a - b);
  const first = gains.length ? Math.max(-40, Math.min(20, Math.round(20 * Math.log10(gains[gains.length >> 1])))) : -6;
  const slider = make("input", { type: "range", min: -40, max: 20, step: 1, value: first, "aria-label": "output gain in dB" }), shown = make("output", {});
  const set = () => { shown.textContent = `${slider.value} dB`; slider.setAttribute("aria-valuetext", shown.textContent); stage.gain(dbToGain(Number(slider.value))); };
  slider.addEventListener("input", set);
  set();
  return make("label", {}, "Output", slider, shown);
}

function meter(stage) {
  const bar = make("div"), element = make("div", { class: "meter", role: "meter", "aria-label": "output level", "aria-valuemin": -60, "aria-valuemax": 0, "aria-valuenow": -60 }, bar);
  // Its text is for the eyes: a screen reader has the meter's own.
  const words = make("span", { class: "soft", "aria-hidden": "true", id: "level" }), samples = new Float32Array(stage.span);
  let shown = -60, limited = 0, drawn = "";
  setInterval(() => {
    // Where nothing sounds, nothing is drawn: to set the same text again would have the page painted anew.
    if (!stage.analyser || (stage.context.state !== "running" && shown <= -60 && drawn)) return;
    stage.analyser.getFloatTimeDomainData(samples);
    const loudest = Math.max(1e-6, ...samples.map(Math.abs));
    // A NaN would stay in `shown` for ever.
    const peak = Number.isFinite(loudest) ? 20 * Math.log10(loudest) : -60;
    shown = Math.max(peak, shown - 1.5, -60);
    limited = peak > -1 ? 20 : Math.max(0, limited - 1);
    const text = `${shown > -60 ? "" : "below "}${Math.round(shown)} dBFS${limited ? ", limited" : ""}`;
    if (text === drawn) return;
    drawn = text;
    bar.style.width = `${Math.min(100, (100 * (shown + 60)) / 60)}%`;
    bar.className = shown >= -0.1 ? "hot" : "";
    words.textContent = text;
    element.setAttribute("aria-valuenow", Math.round(Math.min(shown, 0)));
    element.setAttribute("aria-valuetext", words.textContent);
  }, 50);
  return [element, words];
}
