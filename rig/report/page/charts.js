// Pictures as SVG. Scales, ticks and paths are d3's; what is drawn with them, and how, is here.
// Colours come from the style sheet, so that light, dark and print need nothing drawn anew.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; text is text, whatever it says. */
function make(name, attributes = {}, ...children) {
  const isSvg = ["svg", "g", "path", "line", "circle", "rect", "text", "title", "polyline"].includes(name);
  const element = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const esr = (value) => (value === null ? "-" : value === 0 ? "0" : Number(value.toPrecision(2)).toString());
const decibels = (value) => (value === null || value <= 0 ? "-" : `${(10 * Math.log10(value)).toFixed(1)} dB`);
const clock = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A note at the pointer, or at what has the focus. */
const tip = {
  show(text, x, y) {
    this.element ??= document.body.appendChild(make("div", { class: "tip", "aria-hidden": "true" }));
    this.element.textContent = text;
    this.element.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.element;
    this.element.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - w - 4))}px`;
    this.element.style.top = `${y - h - 10 < 4 ? y + 16 : y - h - 10}px`;
  },
  hide() { if (this.element) this.element.hidden = true; },
};

/** Let an element say something where it is pointed at. */
function telling(element, text) {
  element.append(make("title", {}, text));
  element.addEventListener("pointerenter", (event) => tip.show(text, event.clientX, event.clientY));
  element.addEventListener("pointerleave", () => tip.hide());
  return element;
}

/** A chart: axes, and a place to draw in. `x` and `y` are d3 scales without their range. */
function chart({ label, x, y, xTitle = "", yTitle = "", width = 480, height = 260, xTicks, yTicks, xFormat, yFormat, left = 46 }) {
  // On a telephone text would shrink with a wide picture.
  if (innerWidth < 640 && width < 900) width = Math.min(width, 380);
  const margin = { top: yTitle ? 22 : 14, right: 12, bottom: xTitle ? 40 : 26, left };
  x.range([margin.left, width - margin.right]);
  y.range([height - margin.bottom, margin.top]);
  const svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, style: `max-width:${Math.round(1.5 * width)}px` });
  const shown = (scale, ticks, most) => ticks ?? (scale.ticks ? scale.ticks(most) : scale.domain());
  const named = (scale, format) => format ?? (scale.tickFormat ? scale.tickFormat(5) : String);
  for (const tick of shown(y, yTicks, 5)) {
    svg.append(make("line", { class: "grid-line", x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }));
    svg.append(make("text", { x: margin.left - 7, y: y(tick), dy: ".32em", "text-anchor": "end" }, named(y, yFormat)(tick)));
  }
  for (const tick of shown(x, xTicks, width < 400 ? 4 : 7)) {
    svg.append(make("line", { class: "grid-line", x1: x(tick), x2: x(tick), y1: margin.top, y2: height - margin.bottom }));
    svg.append(make("text", { x: x(tick), y: height - margin.bottom + 16, "text-anchor": "middle" }, named(x, xFormat)(tick)));
  }
  svg.append(make("line", { class: "axis", x1: margin.left, x2: width - margin.right, y1: height - margin.bottom, y2: height - margin.bottom }));
  if (xTitle) svg.append(make("text", { x: (margin.left + width - margin.right) / 2, y: height - 4, "text-anchor": "middle" }, xTitle));
  if (yTitle) svg.append(make("text", { class: "y-title", x: 2, y: 9 }, yTitle));
  return { svg, x, y, margin, width, height };
}

/** A line through points [x, y]; where there is no value the line is broken. */
function drawLine({ svg, x, y }, points, kind) {
  const path = d3.line().defined((p) => p[1] !== null && Number.isFinite(p[1])).x((p) => x(p[0])).y((p) => y(p[1]));
  svg.append(make("path", { class: kind, d: path(points) ?? "" }));
}

function drawDots({ svg, x, y }, points, radius = 4.5) {
  for (const { at, kind, text, opacity = 1 } of points) {
    const dot = make("circle", { class: kind, cx: x(at[0]), cy: y(at[1]), r: radius, opacity });
    svg.append(telling(dot, text));
  }
}

function drawLevel({ svg, y, margin, width }, value, kind, words) {
  svg.append(make("line", { class: kind, x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }));
  svg.append(make("text", { x: width - margin.right, y: y(value) - 5, "text-anchor": "end" }, words));
}

/** The domain of positive numbers on a logarithmic axis, with room at its ends. */
function logDomain(values, least = 4) {
  const there = values.filter((value) => value > 0);
  const low = Math.min(...there), high = Math.max(...there);
  const middle = Math.sqrt(low * high), half = Math.max(Math.sqrt(high / low), Math.sqrt(least)) * 1.25;
  return there.length ? [middle / half, middle * half] : [0.001, 1];
}

/** Ticks of a logarithmic axis: 1, 2 and 5 of each power of ten, or the powers where it is long. */
function logTicks([low, high]) {
  const ticks = [], long = high / low > 300;
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of long ? [1] : [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  return ticks;
}

function figure(chartOf, caption, ...more) {
  return make("figure", {}, chartOf.svg ?? chartOf, ...more, caption ? make("figcaption", {}, caption) : null);
}

/** A legend: pairs of what is drawn and what it means. */
function legend(entries) {
  return make("ul", { class: "legend" }, entries.map(([kind, words]) => {
    const mark = kind.startsWith("dot-") ? make("circle", { class: kind, cx: 12, cy: 6, r: 4.5 })
      : kind.startsWith("bar-") || kind.endsWith("-area") ? make("rect", { class: kind, x: 2, y: 1, width: 20, height: 10 })
        : make("line", { class: kind, x1: 0, x2: 24, y1: 6, y2: 6, "stroke-width": 2 });
    return make("li", {}, make("svg", { viewBox: "0 0 24 12", "aria-hidden": "true" }, mark), words);
  }));
}

/** A table with a head; cells that are numbers stand to the right. */
function table(caption, head, rows) {
  const cell = (value) => (value instanceof Node ? make("td", {}, value)
    : make("td", typeof value === "object" && value ? { class: "number" } : {}, typeof value === "object" && value ? value.number : value));
  const numeric = head.map((_, column) => rows.length && typeof rows[0][column] === "object" && !(rows[0][column] instanceof Node));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", { class: "unseen" }, caption),
      make("thead", {}, make("tr", {}, head.map((words, column) => make("th", { scope: "col", class: numeric[column] ? "number" : rows[0]?.[column] instanceof Node ? "bars" : null }, words)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map(cell))))));
}
