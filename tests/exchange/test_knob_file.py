"""One file that plays everywhere: stock on top, all knobs beneath, read by a reader in numpy."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.nam.embedded import embedded
from models.nam.versions import CannotHold
from models.nam.writer import document
from models.networks.spec import ModelSpec, play
from rig.session import store
from tests.cli.test_cli import rig
from tests.models.test_models import made

ROOT = Path(__file__).parents[2]
READER = ROOT / "examples" / "read_knobs.py"
KNOBS: list[dict[str, Any]] = [
    {"name": "gain", "low": 1.0, "high": 11.0, "default": 6.0},
    {"name": "bright", "labels": ["off", "on"], "default": "on"},
    {"name": "mode", "labels": ["a", "b", "c"], "default": "b"},
]
SPECS = [
    *(ModelSpec("wavenet", size, (0, 2, 3), 1) for size in ("nano", "standard", "a2-slim")),
    ModelSpec("lstm", "2x8", (0, 2, 3), 1),
    ModelSpec("wavenet", "nano", (0, 2, 3), 1, has_pots=True),
]


def reader() -> Any:
    spec = importlib.util.spec_from_file_location("read_knobs", READER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rms(audio: Any) -> float:
    return float(np.sqrt(np.mean(np.square(audio))))


def test_the_reference_reader_is_short_and_needs_numpy_only() -> None:
    text = READER.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    assert "torch" not in text
    assert "rig." not in text.split('"""')[2]


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.architecture}-{spec.size}")
def test_the_reference_reader_plays_as_we_do_at_any_setting(
    spec: ModelSpec, silent: bool, tmp_path: Path
) -> None:
    model = made(replace(spec, silent=silent))
    reference = torch.tensor([0.5, 1.0, 0.5])
    path = tmp_path / "amp.nam"
    top = document(model, reference, 48_000, {})
    path.write_text(json.dumps({**top, "rig": embedded(model, KNOBS)}), encoding="utf-8")
    # Stock on top: who knows nothing of knobs plays the reference setting.
    theirs = pytest.importorskip("nam.models").init_from_nam(json.loads(path.read_text())).eval()
    audio = 0.3 * torch.randn(1_500, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        stock = theirs(audio).numpy()
    found = reader().KnobModel(path)
    for setting, point in (
        ({}, reference),
        ({"gain": 3.0, "bright": "off", "mode": "c"}, torch.tensor([0.2, 0.0, 1.0])),
        ({"gain": "11", "mode": "a"}, torch.tensor([1.0, 1.0, 0.0])),
    ):
        ours = play(model, audio, point)[0].numpy()
        read = found.play(audio.numpy().astype(float), setting)
        assert rms(read - ours) < 1e-5 * rms(ours)
        if not setting:
            assert rms(stock - read) < 1e-5 * rms(ours)


def test_an_ensemble_is_not_embedded() -> None:
    with pytest.raises(CannotHold, match="final model"):
        embedded(made(replace(SPECS[0], members=2)), KNOBS)


def test_a_session_s_file_is_read_as_it_is_rendered(finished: Path, tmp_path: Path) -> None:
    amp, dry, wet = (tmp_path / name for name in ("amp.nam", "dry.wav", "wet.wav"))
    assert rig("export", finished, amp, "--knobs").returncode == 0
    audio = (0.1 * np.random.default_rng(0).standard_normal(4_800)).astype("<f4")
    dry.write_bytes(store.wav_bytes(audio, 48_000))
    assert rig("render", finished, dry, wet, "--at", "gain=3,tone=9").returncode == 0
    command = [sys.executable, str(READER), str(amp), "gain=3", "tone=9"]
    done = subprocess.run(command, input=audio.tobytes(), capture_output=True, check=True)
    read, rendered = np.frombuffer(done.stdout, "<f4"), store.read_wav(wet)[1]
    assert rms(read - rendered) < 1e-5 * rms(rendered)
    # Without being asked for, it is not there.
    plain = tmp_path / "plain.nam"
    assert rig("export", finished, plain).returncode == 0
    assert "rig" not in json.loads(plain.read_text())
