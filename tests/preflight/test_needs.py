"""What 'rig check' says of the recordings that will be played."""

from pathlib import Path

import numpy as np

from rig import config as configuration
from rig.preflight.finding import Grade
from rig.preflight.needs import needs
from rig.session import store
from rig.session.signal import compose_signal
from tests.conftest import TINY


def rows(text: str, base: Path) -> dict[str, tuple[Grade, str]]:
    config = configuration.parse(text)
    signal = compose_signal(config.signal, base, 48_000)
    found = needs(config, signal, base, 0.0, paced=False)
    return {row.name: (row.verdict, row.advice) for row in found}


def test_a_recording_with_dc_is_noted_and_a_healthy_one_is_not(tmp_path: Path) -> None:
    assert "recordings" not in rows(TINY, tmp_path)
    guitar = 0.2 * np.random.default_rng(0).standard_normal(48_000).clip(-3, 3) + 0.02
    (tmp_path / "di.wav").write_bytes(store.wav_bytes(guitar, 48_000))
    text = TINY.replace('{file: "builtin:guitar-train", start_s: 1, length_s: 1}', "{file: di.wav}")
    verdict, advice = rows(text, tmp_path)["recordings"]
    assert verdict is Grade.NOTE
    assert "signal.train.file: di.wav has DC of -34 dBFS" in advice
