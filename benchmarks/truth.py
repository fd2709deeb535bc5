"""What a virtual amp gives without converter and hiss, and how far models are from it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.foreign_rows import AUDIBLE_DB
from calibration.signals import Part
from models.training.dataset import Dataset, Model, play_captures
from rig.config.devices import VirtualAmpConfig, VirtualInterfaceConfig
from rig.devices.virtual.presets import Preset, preset
from rig.exchange.final_model import final_model
from rig.knobs import Panel, Setting
from rig.learner.rounds import last_ensemble
from rig.proposals import designs
from rig.session.folder import Session

#: Settings tested on, and those beside them among which the loudest is looked for.
TESTED, SOUGHT = 24, 48


class Truth:
    """What an amp gives on the held-out guitar, without converter and hiss."""

    def __init__(self, session: Session) -> None:
        amp, interface = session.config.amp, session.config.interface
        assert isinstance(amp, VirtualAmpConfig)
        assert isinstance(interface, VirtualInterfaceConfig)
        self.noise_power = 10 ** (interface.noise_dbfs / 10)
        self._preset: Preset = preset(amp.preset)
        self.panel: Panel = session.config.panel
        self._signal, self._known = session.signal(), dict[Setting, NDArray[np.float32]]()
        held_out = self._signal.segment(Part.HOLDOUT)
        self.start, self.stop = held_out.start, held_out.stop

    def played(self, setting: Setting) -> NDArray[np.float32]:
        """Play the signal up to the end of the held-out guitar at a setting."""
        if setting not in self._known:
            controls = self._preset.controls
            points = {
                controls[knob.name]: knob.turned(value)
                for knob, value in zip(self.panel.knobs, setting.values, strict=True)
            }
            amp = self._preset.amplifier(points, float(self._signal.sample_rate))
            # Half a second in front: longer than anything in the amp remembers.
            begin = max(self.start - self._signal.sample_rate // 2, 0)
            late = amp.delay_frames
            heard = amp(self._signal.send[begin : self.stop + late])[late:]
            self._known[setting] = heard[self.start - begin :].astype(np.float32)
        return self._known[setting]

    def power(self, setting: Setting) -> float:
        """Return the mean square on the held-out guitar."""
        return float(np.mean(self.played(setting).astype(float) ** 2))

    def drawn(self, count: int, *, play: bool) -> list[Setting]:
        """Draw settings where players set the knobs, or anywhere; the same ones every time."""
        draw = np.random.default_rng([17, count, play]).random((count, len(self.panel)))
        points = designs.to_play_distribution(self.panel, draw) if play else draw
        return [self.panel.quantise(point) for point in points]

    def loudest(self) -> float:
        """Return the power of the loudest setting that a search finds."""
        everything = self.panel.quantise([1.0] * len(self.panel))
        some = self.drawn(TESTED, play=True) + self.drawn(SOUGHT, play=False)
        return max(map(self.power, [everything, *some]))

    def modelled(self, model: Model, setting: Setting) -> NDArray[np.float32]:
        """Return what a model makes of the held-out guitar at a setting."""
        ((said, _),) = play_captures(model, self._data([setting]))
        mean: NDArray[np.float32] = said.mean(0).numpy()
        return mean

    def errors(self, model: Model, settings: Sequence[Setting]) -> list[float]:
        """Return a model's error power at each setting."""
        return [
            float(((said.mean(0) - target) ** 2).mean())
            for said, target in play_captures(model, self._data(settings))
        ]

    def _data(self, settings: Sequence[Setting]) -> Dataset:
        """Return what the amp gives at some settings."""
        audio = torch.from_numpy(self._signal.send[: self.stop].astype(np.float32))
        targets = np.zeros((len(settings), self.stop), np.float32)
        for row, setting in enumerate(settings):
            targets[row, self.start :] = self.played(setting)
        points = np.stack([self.panel.point(s) for s in settings]).astype(np.float32)
        return Dataset(
            audio, torch.from_numpy(targets), torch.from_numpy(points), self.start, self.stop
        )


def tested(truth: Truth, session: Session, loudest: float) -> dict[str, Any]:
    """Test the final model and the last ensemble where players set the knobs."""
    settings = truth.drawn(TESTED, play=True)
    own = np.array([truth.power(setting) for setting in settings])
    floor = max(loudest * 10 ** (-AUDIBLE_DB / 10), truth.noise_power)
    found: dict[str, Any] = {
        "settings": [truth.panel.named(setting) for setting in settings],
        "level_db": (10 * np.log10(own / loudest + 1e-20)).round(1).tolist(),
    }
    ensemble = last_ensemble(session)
    models = {"ensemble": ensemble[0] if ensemble else None, "model": None}
    if session.state.learning.model is not None:
        models["model"] = final_model(session)
    for name, model in models.items():
        if model is not None:
            error = np.array(truth.errors(model, settings))
            found[f"{name}_heard"] = (error / np.maximum(own, floor)).tolist()
            found[f"{name}_plain"] = (error / np.maximum(own, 1e-12)).tolist()
    return found
