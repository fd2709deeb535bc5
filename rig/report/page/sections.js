// The parts of the page that are looked at. Each is a function of the figures.

function section(id, title, ...children) {
  return make("section", { id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title), ...children);
}

const percent = (share) => (share === null ? "-" : `${Math.round(100 * share)} %`);

/** Seconds as people say them. */
function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const COLOURS = { excellent: "excellent", good: "good", usable: "usable", "record more": "poor", "never tested": "untested", "not finished": "unfinished" };

function verdictPart({ report, listened, note }) {
  const { verdict } = report, copied = document.getElementById("said");
  const copy = make("button", { type: "button", onclick: async () => {
    await navigator.clipboard?.writeText(verdict.command).catch(() => {});
    copied.textContent = "copied";
  } }, "Copy");
  const cell = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
  const kept = report.settings.filter((s) => s.is_kept && s.role !== "holdout").length;
  return [
    make("h2", { class: `word ${COLOURS[verdict.word] ?? ""}` }, verdict.word),
    // What people have heard goes before what a figure lets expect.
    listened?.could_tell ? make("p", { class: "sentence" }, "In a blind test listeners could tell it from the amp; the word above goes by its error alone.") : make("p", { class: "sentence" }, verdict.sentence),
    report.facts.some(([name, value]) => name === "amp's driver" && value === "virtual") ? make("p", { class: "note" }, "This amp is the one that is built into rig to try things with: it is no device, and plays faster than time.") : null,
    make("p", {}, verdict.advice),
    make("div", { class: "command" }, make("code", { id: "command" }, verdict.command), copy),
    ...(listened?.sentences ?? []).map((said) => make("p", { class: "note" }, said)),
    note ? make("p", { class: "note" }, note) : null,
    make("dl", { class: "figures" },
      cell("holdout ESR", esr(report.holdout_esr)),
      cell("error beside the signal", decibels(report.holdout_esr)),
      cell("expected elsewhere", esr(report.expected_esr)),
      cell("repeatability ESR", esr(report.repeatability_esr)),
      cell("settings learnt from", String(kept)),
      cell("of the time, kept takes", percent(report.kept_share)),
      cell("the session is", report.state)),
    make("p", {}, make("a", { href: "#words" }, "What these words mean")),
  ].filter(Boolean);
}

const timesTheFloor = (ratio) => (ratio > 1000 ? "over 1000 times" : `${Number(ratio.toPrecision(2))} times`);

/** ESR of each holdout setting, worst first. */
function errorsPart({ report }) {
  const tested = report.settings.filter((s) => s.esr !== null).sort((a, b) => b.esr - a.esr);
  const parts = [];
  if (tested.length) {
    const worst = tested[0].esr, floor = report.repeatability_esr;
    // Of an amp that repeats itself to the last digit it would say the same in every row.
    const hasFloor = floor > 0 && tested.some((s) => s.esr < 1000 * floor);
    const rows = tested.map((s) => [s.told, { number: esr(s.esr) }, { number: decibels(s.esr) },
      ...(hasFloor ? [{ number: timesTheFloor(s.esr / floor) }] : []),
      make("span", { class: "bar", style: `width:${Math.max(2, (100 * s.esr) / worst)}%` })]);
    parts.push(make("p", {}, "Settings that the model has never heard, on guitar that it has never heard. An ESR of 0.01 is an error 20 dB below the signal.",
      report.worst_region ? ` It is worst ${report.worst_region}.` : ""));
    parts.push(table("ESR of each holdout setting, worst first", ["setting", "ESR", "error", ...(hasFloor ? ["over the floor"] : []), "beside the worst"], rows));
  } else parts.push(make("p", { class: "note" }, "The final model was tested on no setting."));
  if (report.rounds.length) parts.push(roundsFigure(report));
  if (Object.keys(report.turning).length) parts.push(turningTable(report.turning));
  return section("errors", "How close it is", ...parts);
}

function roundsFigure(report) {
  const kept = report.settings.filter((s) => s.is_kept && s.role !== "holdout").length;
  const lines = [["model-line", "holdout_esr"], ["amp-line", "ensemble_esr"], ["off-line", "expected_esr"]];
  const values = report.rounds.flatMap((r) => lines.map(([, key]) => r[key])).concat(report.repeatability_esr, report.holdout_esr);
  const most = Math.max(kept, ...report.rounds.map((r) => r.captures));
  // A floor far below everything, such as a built-in amp's, would leave the rest no room.
  const errors = values.filter((v) => v > 0 && v !== report.repeatability_esr), floor = report.repeatability_esr;
  const isNear = floor > 0 && floor > Math.min(...errors) / 300;
  const domain = logDomain(isNear ? [...errors, floor] : errors);
  const c = chart({
    label: `ESR over the number of captures: the last round has a holdout ESR of ${esr(report.rounds.at(-1).holdout_esr)}, the final model ${esr(report.holdout_esr)}.`,
    x: d3.scaleLinear().domain([0, most * 1.06]), y: d3.scaleLog().domain(domain), yTicks: logTicks(domain),
    xTitle: "captures learnt from", yFormat: esr, width: 720, height: 280,
  });
  for (const [kind, key] of lines) {
    drawLine(c, report.rounds.map((r) => [r.captures, r[key]]), kind);
    const dots = report.rounds.filter((r) => r[key] > 0);
    drawDots(c, dots.map((r) => ({ at: [r.captures, r[key]], kind: kind.replace("line", "dot").replace("model-dot", "dot-model").replace("amp-dot", "dot-amp").replace("off-dot", "dot-holdout"), text: `round ${r.round}, ${r.captures} captures: ${esr(r[key])}` })), 3.5);
  }
  if (isNear) drawLevel(c, floor, "floor", `floor ${esr(floor)}`);
  const hasModel = report.settings.some((s) => s.esr !== null);
  if (hasModel && report.holdout_esr > 0) drawDots(c, [{ at: [kept, report.holdout_esr], kind: "dot-model", text: `final model: ${esr(report.holdout_esr)}` }], 6.5);
  const parts = [["model-line", "ensemble on holdout settings"], ["amp-line", "ensemble on what it has learnt"], ["off-line", "expected where players play"], ["floor", `floor, two takes of one setting: ${esr(floor)}${isNear ? "" : ", far below this picture"}`]];
  if (hasModel) parts.push(["dot-model", "the final model"]);
  return figure(c, "ESR as captures came in; lower is better.", legend(parts));
}

function turningTable(turning) {
  const words = {
    silence_dbfs: ["loudest sample at silence", "dBFS"], sweep_dbfs: ["the same while a knob is torn", "dBFS"],
    thump_db: ["what tearing a knob adds below 40 Hz", "dB of the guitar"], during_db: ["error while a hand turns all knobs", "dB"], after_db: ["error just after", "dB"],
  };
  const rows = Object.entries(turning).map(([name, value]) => [(words[name] ?? [name, ""])[0], { number: `${value.toFixed(1)} ${(words[name] ?? ["", ""])[1]}` }]);
  return make("details", {}, make("summary", {}, "While knobs turn"), table("What the model does while knobs turn", ["what", "figure"], rows));
}

/** What the ensemble expected of the settings that it asked for, against what was found there. */
function expectedPart({ report }) {
  const pairs = report.settings.filter((s) => s.found_esr > 0 && s.expected_esr > 0);
  if (!pairs.length) return null;
  const domain = logDomain(pairs.flatMap((s) => [s.found_esr, s.expected_esr]), 10);
  const axis = () => d3.scaleLog().domain(domain);
  const c = chart({ label: `Expected against found ESR of ${pairs.length} settings.`, x: axis(), y: axis(), xTicks: logTicks(domain), yTicks: logTicks(domain), xFormat: esr, yFormat: esr, xTitle: "expected ESR", yTitle: "found ESR", width: 460, height: 380 });
  drawLine(c, [[domain[0], domain[0]], [domain[1], domain[1]]], "soft-line");
  drawDots(c, pairs.map((s) => ({ at: [s.expected_esr, s.found_esr], kind: "dot-active", text: `${s.told}: expected ${esr(s.expected_esr)}, found ${esr(s.found_esr)}` })));
  const rows = pairs.map((s) => [s.told, { number: String(s.round) }, { number: esr(s.expected_esr) }, { number: esr(s.found_esr) }]);
  return section("expected", "Expected and found",
    make("p", {}, "Before a setting is recorded, the ensemble says what error it expects there. On the line it was right; far above it, that place was a surprise."),
    make("div", { class: "grid" }, figure(c), table("Expected and found ESR", ["setting", "round", "expected", "found"], rows)));
}

/** The knob space: every pair of knobs as a small map; the others are narrowed down by sliders. */
function mapPart({ report, modelled }) {
  const uncertain = modelled?.uncertainty;
  const turning = report.knobs.map((knob, index) => ({ ...knob, index })).filter((knob) => !knob.labels.length);
  const settings = report.settings;
  if (!settings.length) return null;
  const near = new Map(), maps = make("div", { class: "grid small" });
  // Of the final model alone: what an ensemble was wrong by before it had learnt a setting is another matter.
  const errors = settings.map((s) => s.esr).filter((e) => e > 0);
  const radius = errors.length ? d3.scaleLog().domain(d3.extent(errors).map((e, i) => e * (i ? 1.01 : 0.99))).range([3.5, 10]).clamp(true) : () => 5;
  const told = (s) => `${s.told} (${s.role}, round ${s.round})${s.is_kept ? "" : ", not recorded"}`
    + (s.esr !== null ? `, ESR of the final model ${esr(s.esr)}` : "") + (s.found_esr !== null ? `. Before it was learnt, the ensemble expected an ESR of ${esr(s.expected_esr)} and had ${esr(s.found_esr)}` : "");
  const opacity = (s) => {
    let most = 1;
    for (const [index, value] of near) most = Math.min(most, Math.max(0.08, 1 - 3.3 * Math.abs(s.units[index] - value)));
    return most;
  };
  const shades = uncertain ? d3.scaleLog().domain(d3.extent(uncertain.disagreement.filter((e) => e > 0)).map((e, i) => e * (i ? 1.01 : 0.99))).range([0.03, 0.6]).clamp(true) : null;
  /** How far members differ at a place of two knobs: a mean over what was asked about, near ones first. */
  const disagreementAt = (ends) => {
    let sum = 0, weights = 0;
    uncertain.units.forEach((units, i) => {
      let far = 0;
      for (const [index, unit] of ends) far += ((units[index] - unit) / 0.11) ** 2;
      for (const [index, unit] of near) if (!ends.some(([end]) => end === index)) far += ((units[index] - unit) / 0.2) ** 2;
      const weight = Math.exp(-0.5 * far) + 1e-9;
      sum += weight * uncertain.disagreement[i];
      weights += weight;
    });
    return sum / weights;
  };
  const shade = (c, a, b) => {
    const cells = 14, wide = (c.width - c.margin.left - c.margin.right) / cells, high = (c.y.range()[0] - c.y.range()[1]) / cells;
    for (let i = 0; i < cells; i++)
      for (let j = 0; j < cells; j++) {
        const differ = disagreementAt([[a.index, (i + 0.5) / cells], [b.index, (j + 0.5) / cells]]);
        c.svg.append(make("rect", { class: "shade", x: c.margin.left + i * wide, y: c.y.range()[0] - (j + 1) * high, width: wide, height: high, opacity: shades(differ) }));
      }
  };
  const draw = () => {
    maps.replaceChildren();
    const pairs = turning.length > 1 ? turning.flatMap((a, i) => turning.slice(i + 1).map((b) => [a, b])) : [[turning[0] ?? { ...report.knobs[0], index: 0 }, null]];
    for (const [a, b] of pairs) {
      const scale = (knob) => d3.scaleLinear().domain([knob.low, knob.high === knob.low ? knob.low + 1 : knob.high]);
      const y = b ? scale(b) : d3.scaleLinear().domain([0, Math.max(1, ...settings.map((s) => s.round)) + 0.5]);
      const c = chart({ label: `Settings by ${a.name} and ${b ? b.name : "round"}.`, x: scale(a), y, xTitle: a.name, yTitle: b ? b.name : "round", width: 300, height: 290, left: 34 });
      if (b && a.play && b.play) {
        if (uncertain) shade(c, a, b);
        const area = make("rect", { class: "play-area", x: c.x(a.play[0]), y: c.y(b.play[1]), width: c.x(a.play[1]) - c.x(a.play[0]), height: c.y(b.play[0]) - c.y(b.play[1]) });
        c.svg.append(area);
      }
      // The small ones last, so that none is hidden.
      const order = [...settings].sort((s, t) => (t.esr ?? 0) - (s.esr ?? 0));
      for (const s of order) {
        const dot = { at: [s.values[a.index], b ? s.values[b.index] : s.round], kind: s.is_kept ? `dot-${s.role}` : "dot-lost", text: told(s), opacity: opacity(s) };
        drawDots(c, [dot], s.esr > 0 ? radius(s.esr) : 4);
      }
      maps.append(figure(c));
    }
  };
  const sliders = report.knobs.map((knob, index) => {
    const all = knob.labels.length ? knob.labels.length : 21;
    const input = make("input", { type: "range", min: -1, max: all - 1, value: -1, "aria-label": `show settings near a value of ${knob.name}` });
    const words = make("output", {}, "all");
    input.addEventListener("input", () => {
      const unit = input.value / Math.max(all - 1, 1), value = knob.low + unit * (knob.high - knob.low);
      if (input.value < 0) near.delete(index); else near.set(index, unit);
      words.textContent = input.value < 0 ? "all" : knob.labels[input.value] ?? `near ${Number(value.toPrecision(2))}`;
      input.setAttribute("aria-valuetext", words.textContent);
      draw();
    });
    input.setAttribute("aria-valuetext", "all");
    return make("label", {}, knob.name, input, words);
  });
  draw();
  const rows = settings.map((s) => [s.told, s.is_kept ? s.role : `${s.role}, given up`, { number: String(s.round) }, { number: esr(s.esr) }, { number: esr(s.expected_esr) }, { number: esr(s.found_esr) }]);
  return section("map", "Where it was recorded",
    make("p", {}, "Every setting that was asked for, on each pair of knobs. Of settings held out for testing, larger dots have larger errors of the final model; the frame is where players set the knobs. Sliders fade what lies far from a value of another knob.",
      uncertain ? ` The stronger the shade, the less the members of round ${uncertain.round}'s ensemble agreed there: relative variance from ${esr(d3.extent(uncertain.disagreement)[0])} to ${esr(d3.extent(uncertain.disagreement)[1])}.` : ""),
    make("div", { class: "row live" }, sliders), maps,
    legend([["dot-seed", "spread over everything first"], ["dot-active", "asked for by the ensemble"], ["dot-holdout", "held out for testing"], ["dot-lost", "given up"], ["play-area", "where players play"], ...(uncertain ? [["bar-shade", "where the ensemble is unsure"]] : [])]),
    make("details", {}, make("summary", {}, "The same as a table"), table("Settings", ["setting", "role", "round", "ESR of the final model", "expected before it was learnt", "found before it was learnt"], rows)));
}

/** Amp against model at the worst, the median and the best holdout setting. */
function comparedPart({ modelled }) {
  if (!modelled?.compared.length) return null;
  const parts = modelled.compared.map((one) => {
    const title = `${one.place[0].toUpperCase()}${one.place.slice(1)}: ${one.told} (ESR ${esr(one.esr)})`;
    return make("div", {}, make("h3", {}, title), make("div", { class: "grid" }, spectrumFigure(one), ...one.curves.flatMap(curveFigures), waveFigures(one)));
  });
  return section("compared", "Amp and model side by side",
    make("p", {}, "At the holdout settings where the model is worst, in the middle, and best."), legend([["amp-line", "amp"], ["model-line", "model"], ["off-line", "difference"]]), ...parts);
}

function spectrumFigure({ spectrum }) {
  const all = [...spectrum.amp_db, ...spectrum.model_db], top = Math.max(...all);
  const c = chart({ label: "Spectrum of amp and model.", x: d3.scaleLog().domain([spectrum.hz[0], spectrum.hz.at(-1)]), y: d3.scaleLinear().domain([Math.max(Math.min(...all), top - 80), top + 3]).nice(),
    xTicks: [100, 200, 500, 1000, 2000, 5000, 10000], xFormat: (hz) => (hz >= 1000 ? `${hz / 1000} k` : hz), xTitle: "Hz", yTitle: "dB" });
  drawLine(c, spectrum.hz.map((hz, i) => [hz, spectrum.amp_db[i]]), "amp-line");
  drawLine(c, spectrum.hz.map((hz, i) => [hz, spectrum.model_db[i]]), "model-line");
  return figure(c, "Spectrum of the held-out guitar.");
}

function curveFigures(curves) {
  // In the first steps the tone before still rings.
  const low = curves.in_dbfs[4], high = Math.ceil(curves.in_dbfs.at(-1));
  const pairs = (values) => curves.in_dbfs.map((x, i) => [x, values[i]]).filter(([x]) => x >= low);
  const outs = [...pairs(curves.amp_dbfs), ...pairs(curves.model_dbfs)].map((p) => p[1]);
  const x = () => d3.scaleLinear().domain([low, high]);
  const level = chart({ label: "Level out over level in, amp and model.", x: x(), y: d3.scaleLinear().domain(d3.extent(outs)).nice(), xTitle: "dBFS in", yTitle: "dBFS out" });
  drawLine(level, pairs(curves.amp_dbfs), "amp-line");
  drawLine(level, pairs(curves.model_dbfs), "model-line");
  const harmonics = chart({ label: "Harmonics over level in, amp and model.", x: x(), y: d3.scaleLinear().domain([-80, 0]), xTitle: "dBFS in", yTitle: "dB below the tone" });
  const within = (values) => pairs(values).map(([at, db]) => [at, Math.max(-80, Math.min(db, 10))]);
  for (const n of [0, 1]) {
    drawLine(harmonics, within(curves.amp_harmonics_db[n]), "amp-line");
    drawLine(harmonics, within(curves.model_harmonics_db[n]), "model-line");
    const last = within(curves.amp_harmonics_db[n]).at(-1);
    harmonics.svg.append(make("text", { x: harmonics.x(last[0]) - 4, y: harmonics.y(last[1]) - 6, "text-anchor": "end" }, n ? "3rd" : "2nd"));
  }
  return [figure(level, `What comes out over what goes in: a tone of ${curves.tone_hz} Hz.`), figure(harmonics, "Its second and third harmonic.")];
}

function waveFigures({ waveform }) {
  const rate = waveform.amp.length / 0.02, ms = (i) => (1000 * i) / rate;
  const peak = Math.max(...waveform.amp.map(Math.abs), ...waveform.model.map(Math.abs)) || 1;
  const c = chart({ label: "Waveforms of amp and model where they differ the most.", x: d3.scaleLinear().domain([0, ms(waveform.amp.length)]), y: d3.scaleLinear().domain([-peak, peak]).nice(), xTitle: "ms", yTitle: "of full scale" });
  drawLine(c, waveform.amp.map((v, i) => [ms(i), v]), "amp-line");
  drawLine(c, waveform.model.map((v, i) => [ms(i), v]), "model-line");
  drawLine(c, waveform.amp.map((v, i) => [ms(i), v - waveform.model[i]]), "off-line");
  return figure(c, "The moment in which they differ the most, and the difference.");
}

/** The night: takes, learning, events; canaries under it. */
function nightPart({ report }) {
  const { takes, events } = report;
  if (!takes.length) return null;
  const ends = [...takes.flatMap((t) => [t.begun_at, t.ended_at]), ...events.map((e) => e.ended_at)];
  const [first, last] = d3.extent(ends);
  const x = d3.scaleTime().domain([first * 1000, Math.max(last, first + 1) * 1000]);
  const rows = ["takes", "learning", "events"];
  const c = chart({ label: `Timeline from ${clock(first)} to ${clock(last)}: ${takes.length} takes.`, x, y: d3.scaleBand().domain(rows), width: 960, height: 150, left: 62, yTicks: [], xFormat: (at) => clock(at / 1000) });
  const band = (name) => c.y(name) + c.y.bandwidth() * 0.15, high = c.y.bandwidth() * 0.7;
  rows.forEach((name) => c.svg.append(make("text", { x: c.margin.left - 8, y: c.y(name) + c.y.bandwidth() / 2, dy: ".32em", "text-anchor": "end" }, name)));
  const bar = (name, from, to, kind, text) => {
    const left = c.x(from * 1000), width = Math.max(1, c.x(to * 1000) - left);
    c.svg.append(telling(make("rect", { class: kind, x: left, y: band(name), width, height: high }), text));
  };
  takes.forEach((t) => bar("takes", t.begun_at, t.ended_at, t.outcome === "kept" && t.role === "look" ? "bar-look" : `bar-${t.outcome}`, `${clock(t.begun_at)} take ${t.take}, ${t.role}: ${t.told}, ${t.outcome}. ${t.sentences.join(" ")}`));
  const lasts = (e) => e.kind === "learning" || e.kind === "final model";
  events.filter(lasts).forEach((e) => bar("learning", e.at, e.ended_at, "bar-learning", `${clock(e.at)} ${e.words}, ${Math.round(e.ended_at - e.at)} s`));
  const others = events.filter((e) => !lasts(e));
  others.forEach((e) => c.svg.append(telling(make("circle", { class: ["process", "device", "clock", "learner", "doubt"].includes(e.kind) ? "dot-model" : "dot-amp", cx: c.x(e.at * 1000), cy: band("events") + high / 2, r: 4.5 }), `${clock(e.at)} ${e.words}`)));
  return section("night", "The night",
    make("p", {}, report.kept_share === null ? "" : `${percent(report.kept_share)} of the time went into takes that are kept.`),
    make("div", { class: "scroll wide", tabindex: "0", role: "region", "aria-label": "Timeline" }, figure(c, null, legend([["bar-kept", "kept"], ["bar-look", "looked at again"], ["bar-rejected", "rejected"], ["bar-failed", "failed"], ["bar-learning", "learning"]]))),
    spentTable(report.spent),
    canaryFigures(report),
    make("details", {}, make("summary", {}, `What happened beside takes (${others.length})`), table("Events", ["when", "what"], others.map((e) => [clock(e.at), e.words]))));
}

/** Where the time went, to the last second. */
function spentTable(spent) {
  const all = spent.reduce((sum, part) => sum + part.seconds, 0);
  if (!all) return "";
  const share = (seconds) => ({ number: percent(seconds / all) });
  const rows = spent.map((part) => [part.words, { number: duration(part.seconds) }, share(part.seconds)]);
  return make("div", {}, make("h3", {}, "Where the time went"),
    table("Where the time went", ["what", "time", "share"], [...rows, ["from the first word to the last", { number: duration(all) }, share(all)]]));
}

function canaryFigures({ canaries, repeatability_esr }) {
  const seen = canaries.filter((k) => k.replicate_esr > 0);
  const parts = [];
  const x = () => d3.scaleTime().domain(d3.extent(canaries, (k) => k.at * 1000).map((at, i) => at + (i ? 1000 : -1000)));
  const one = (key, yTitle, caption) => {
    const there = canaries.filter((k) => k[key] !== null);
    if (there.length < 2) return;
    const [low, high] = d3.extent(there, (k) => k[key]), room = Math.max((high - low) * 0.2, 0.05);
    const c = chart({ label: `${caption} ${there.length} canaries.`, x: x(), y: d3.scaleLinear().domain([low - room, high + room]).nice(), yTitle, width: 360, height: 200, xFormat: (at) => clock(at / 1000), left: 54 });
    drawLine(c, there.map((k) => [k.at * 1000, k[key]]), "amp-line");
    drawDots(c, there.map((k) => ({ at: [k.at * 1000, k[key]], kind: "dot-amp", text: `${clock(k.at)} take ${k.take}: ${k[key].toFixed(2)}` })));
    parts.push(figure(c, caption));
  };
  if (seen.length) {
    const domain = logDomain([...seen.map((k) => k.replicate_esr), repeatability_esr ?? 0]);
    const c = chart({ label: `ESR of ${seen.length} canaries against the first.`, x: x(), y: d3.scaleLog().domain(domain), yTicks: logTicks(domain), yFormat: esr, yTitle: "ESR", width: 360, height: 200, xFormat: (at) => clock(at / 1000), left: 54 });
    drawDots(c, seen.map((k) => ({ at: [k.at * 1000, k.replicate_esr], kind: "dot-amp", text: `${clock(k.at)} take ${k.take}: ${esr(k.replicate_esr)}` })));
    if (repeatability_esr > 0) drawLevel(c, repeatability_esr, "floor", `floor ${esr(repeatability_esr)}`);
    parts.push(figure(c, "How far each canary was from the reference."));
  }
  one("return_rms_dbfs", "dBFS", "Its level: warm-up and drift.");
  one("noise_dbfs", "dBFS", "The noise under it.");
  return parts.length ? make("div", {}, make("h3", {}, "Canaries: was the amp what it was?"), make("div", { class: "grid small" }, parts)) : "";
}

function rejectedPart({ report }) {
  const bad = report.takes.filter((t) => t.outcome !== "kept");
  const rows = bad.map((t) => [{ number: String(t.take) }, clock(t.ended_at), t.told, t.outcome, t.sentences.join(" ")]);
  const doubts = report.events.filter((e) => e.kind === "doubt");
  return section("rejected", "Takes that were not kept",
    doubts.length ? make("p", {}, "Some were kept at first and recorded once more, to be sure; what counts is the later take that agrees with another:") : null,
    doubts.length ? make("ul", {}, doubts.map((e) => make("li", {}, `${clock(e.at)} ${e.words}`))) : null,
    bad.length ? table("Every take that was not kept, and why", ["take", "when", "setting", "outcome", "why"], rows) : make("p", {}, "Every take was kept."));
}

function rigPart({ report }) {
  const round = (value) => (Math.abs(value) >= 1000 ? value.toFixed(1) : Number(value.toPrecision(4)).toString());
  const rows = report.calibration.map((c) => [c.name, { number: `${round(c.median)} ${c.unit}` }, { number: `${round(c.lowest)} to ${round(c.highest)}` }]);
  return section("rig", "The rig",
    make("div", { class: "grid" },
      make("div", {}, make("h3", {}, "Calibration, over all kept takes"), table("Calibration", ["what", "median", "range"], rows)),
      make("div", {}, make("h3", {}, "Machine, versions, durations"), table("Machine, versions and durations", ["what", "it is"], report.facts))),
    report.finish_reason ? make("p", {}, `It ended: ${report.finish_reason}.`) : null);
}
