"""The virtual amp behind the amp protocol: knobs that stay where they were put."""

import math
from collections.abc import Mapping
from dataclasses import replace

from rig.config import Config, MidiAmpConfig, MiswiringConfig, VirtualAmpConfig, examples
from rig.devices.protocols import Amp, DriverContext
from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.presets import PRESETS, Playable, preset

#: Of the slow drift: it wanders up and down once in this time.
DRIFT_PERIOD_S = 3600.0


def _midi_amp(context: DriverContext, along: MidiAmpConfig | None) -> Amp | None:
    """Make the real amp that is set along; None where there is none."""
    if along is None:
        return None
    # Not at the top: only this needs the system's MIDI.
    from rig.devices.midi.amp import MidiAmp

    return MidiAmp(replace(context, config=context.config.model_copy(update={"amp": along})))


class VirtualAmp:
    """A built-in preset as an amp, switched on when it is opened.

    Args:
        context: The session's configuration, and for how long the amp has been played already.
    """

    def __init__(self, context: DriverContext) -> None:
        config, self._played_s = context.config, context.played_s
        assert isinstance(config.amp, VirtualAmpConfig)
        self._options, self._panel = config.amp, config.panel
        self._preset = preset(config.amp.preset)
        self._controls: dict[str, str | None] = {
            name: self._preset.controls[knob.control or name] for name, knob in config.knobs.items()
        }
        self._reversed: set[str] = set()
        for mistake in config.amp.miswiring:
            self._miswire(mistake)
        self.positions: dict[str, float] = {}
        self._along = _midi_amp(context, config.amp.along)

    @staticmethod
    def problems(config: Config) -> list[str]:
        """List mistakes in a configuration that only this driver knows of."""
        assert isinstance(config.amp, VirtualAmpConfig)
        try:
            controls = preset(config.amp.preset).controls
        except KeyError:
            named, near = config.amp.preset, examples.nearest(config.amp.preset, PRESETS)
            names = ", ".join([*PRESETS, "random-N", "foreign-N"])
            hint = f"; did you mean '{near}'?" if near else ""
            return [f"amp.preset: there is no '{named}', only {names}{hint}"]
        known = ", ".join(controls)
        return [
            f"knobs.{name}: the '{config.amp.preset}' preset has no control "
            f"'{knob.control or name}', only {known}"
            for name, knob in config.knobs.items()
            if (knob.control or name) not in controls
        ] + [
            f"amp.miswiring.{index}: name knobs of the amp, one of {', '.join(config.knobs)}"
            for index, mistake in enumerate(config.amp.miswiring)
            if mistake.knob not in config.knobs
            or (mistake.kind in ("shared", "swapped") and mistake.other not in config.knobs)
        ]

    def _miswire(self, mistake: MiswiringConfig) -> None:
        controls, knob, other = self._controls, mistake.knob, mistake.other or ""
        match mistake.kind:
            case "dead":
                controls[knob] = None
            case "shared":
                controls[knob] = controls[other]
            case "swapped":
                controls[knob], controls[other] = controls[other], controls[knob]
            case "reversed":
                self._reversed.add(knob)

    def open(self) -> None:
        """Switch the amp on, with its knobs at rest."""
        if self._along is not None:
            self._along.open()
        self.dial(self._panel.named(self._panel.rest))

    def dial(self, values: Mapping[str, float]) -> None:
        """Set every knob to its faceplate value."""
        if self._along is not None:
            self._along.dial(values)
        knobs = {knob.name: knob for knob in self._panel.knobs}
        for name, value in values.items():
            control, turned = self._controls[name], knobs[name].turned(value)
            if control is not None:
                self.positions[control] = 1.0 - turned if name in self._reversed else turned

    def close(self) -> None:
        """Let go of the amp that was set along with it; of itself it holds nothing."""
        if self._along is not None:
            self._along.close()

    def control(self, knob: str) -> str | None:
        """Return which control of the circuit a knob turns, None for a dead one."""
        return self._controls.get(knob)

    def amplifier(self, positions: Mapping[str, float], sample_rate: int) -> Playable:
        """Build the circuit with its controls at ``positions``, ready to play."""
        return self._preset.amplifier(positions, float(sample_rate))

    def gain(self, returned: Audio, sample_rate: int) -> Audio:
        """Apply warm-up and drift to the level of a take, which counts as played time."""
        start_s, self._played_s = self._played_s, self._played_s + len(returned) / sample_rate
        options = self._options
        # Constant within a take, which is short beside warming up and drifting.
        cold_db = options.warmup_db * math.exp(-start_s / options.warmup_s)
        drift_db = options.drift_db * math.sin(2 * math.pi * start_s / DRIFT_PERIOD_S)
        return returned * 10 ** ((drift_db - cold_db) / 20)
