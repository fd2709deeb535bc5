// The captured amp in the audio thread. Where the knobs shall stand comes by messages; they go there
// as a hand would turn them, a ramp of 64 frames after the other.

/** Seconds that a knob takes over its whole travel, at the fastest. */
const TRAVEL_S = 0.05;

class Amp extends AudioWorkletProcessor {
  constructor({ processorOptions: { section, binary, units, path } }) {
    super();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
    this.player = new Player(new KnobModel(section), instance);
    this.wanted = units;
    // For tests: a path that is followed point by point, as `render` does.
    this.path = path ?? null;
    this.ramp = 0;
    this.player.stand(units);
    this.busy = 0;
    this.frames = 0;
    this.port.onmessage = ({ data }) => { this.wanted = data.units; };
  }

  /** Where the knobs stand at the end of the next ramp. */
  next() {
    if (this.path) return this.path[Math.min(++this.ramp, this.path.length - 1)];
    const most = BLOCK / sampleRate / TRAVEL_S;
    return this.player.units.map((unit, k) => {
      // Between two positions of a switch there is nothing to go through.
      if (this.player.model.knobs[k].labels) return this.wanted[k];
      return unit + Math.max(-most, Math.min(most, this.wanted[k] - unit));
    });
  }

  process([input], [output]) {
    // The audio thread has no finer clock: over a second the whole milliseconds average out.
    const began = Date.now();
    const heard = input[0], played = output[0];
    for (let at = 0; at < played.length; at += BLOCK) {
      if (heard) this.player.input.set(heard.subarray(at, at + BLOCK)); else this.player.input.fill(0);
      this.player.play(this.next());
      played.set(this.player.output, at);
    }
    this.busy += Date.now() - began;
    this.frames += played.length;
    if (this.frames >= sampleRate) {
      this.port.postMessage({ load: this.busy / (1000 * this.frames / sampleRate) });
      this.busy = this.frames = 0;
    }
    return true;
  }
}

registerProcessor("rig-amp", Amp);
