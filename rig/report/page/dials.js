// Knobs as on the faceplate: turned by pointer, wheel and keyboard, told to screen readers.

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
