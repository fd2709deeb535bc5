// Where the knobs stand now: does the model know what the amp does there?

/** As many times as unsure as usual is worth a word; the verdict names its exceptions from there, too. */
const UNSURE = 2.5;

/** Places that tell what the members say in between; a kernel as wide as these are apart. */
const NEIGHBOURS = 4;

const rising = (numbers) => [...numbers].sort((a, b) => a - b);

/**
 * A function of where the knobs stand: how many times as far as usual the members are apart there.
 * Usual is the median over places where players set the knobs.
 */
function unsureness({ units, disagreement }, knobs) {
  const within = (knob, unit) => {
    const value = knob.low + unit * (knob.high - knob.low);
    return value >= knob.play[0] && value <= knob.play[1];
  };
  const played = disagreement.filter((_, i) => knobs.every((knob, k) => knob.labels.length || within(knob, units[i][k])));
  const counted = rising(played.length ? played : disagreement), usual = counted[counted.length >> 1];
  return (here) => {
    const far = units.map((place) => Math.hypot(...place.map((unit, k) => unit - here[k])));
    const width = rising(far)[Math.min(NEIGHBOURS, far.length) - 1] + 1e-9;
    let sum = 0, weights = 0;
    far.forEach((distance, i) => {
      const weight = Math.exp(-0.5 * (distance / width) ** 2);
      sum += weight * disagreement[i];
      weights += weight;
    });
    return sum / weights / usual;
  };
}

/** A line that says so while the knobs stand where the ensemble is unsure; with what draws it anew. */
function unsureLine(uncertain, knobs) {
  const line = make("p", { id: "unsure", "aria-live": "polite", class: "soft" });
  if (!uncertain) return { element: line, look: () => {} };
  const times = unsureness(uncertain, knobs);
  const look = (units) => {
    const here = times(units);
    const words = here >= UNSURE ? `The ensemble is ${here >= 10 ? Math.round(here) : here.toFixed(1)} times as unsure at this setting as it usually is where players set the knobs: the amp itself may sound different here.` : "";
    // Written only when it changes: whoever has it read aloud hears it once.
    if (line.textContent !== words) line.textContent = words;
  };
  return { element: line, look };
}
