"""A2 in both its widths in one file, held against the trainer package that players follow."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from models.networks.spec import play
from rig.exchange.final_model import final_widths
from rig.printable import command
from rig.session.folder import Session
from rig.session.verify import verify
from tests.cli.test_cli import rig

#: What the official runtime's fast path asks for, layer by layer.
STACK = [1, 3, 7, 17, 41, 101, 239]
DILATIONS = [*STACK, *STACK, 1, 13, *STACK]
KERNELS = [6] * 14 + [15, 15] + [6] * 7


@pytest.fixture(scope="module")
def both(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose final model is A2: both widths, hardly trained."""
    folder = tmp_path_factory.mktemp("a2") / "töne in a2"
    shutil.copytree(finished, folder)
    done = rig("train", folder, "--size", "a2")
    assert done.returncode == 0, done.stderr
    return folder


class Pack(NamedTuple):
    """A pack of containers, and the session that they came from."""

    session: Path
    text: str
    files: dict[str, Any]


@pytest.fixture(scope="module")
def pack(both: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Containers at three settings, with the knobs beneath."""
    target = tmp_path_factory.mktemp("pack") / "steps.zip"
    options = ["--as", "a2", "--grid", "gain=1:11:5", "--at", "tone=9", "--knobs"]
    done = rig("export", both, target, *options)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(target) as archive:
        text, *names = archive.namelist()
        files = {name: json.loads(archive.read(name)) for name in names}
        return Pack(both, archive.read(text).decode(), files)


def widths(container: Any) -> list[Any]:
    return [part["model"] for part in container["config"]["submodels"]]


def test_the_trainer_package_plays_both_widths_as_we_do(pack: Pack) -> None:
    loader = pytest.importorskip("nam.models")
    session = Session.view(pack.session)
    panel, models = session.config.panel, final_widths(session)
    audio = 0.3 * torch.randn(2_000, generator=torch.Generator().manual_seed(3))
    for gain, container in zip((1.0, 6.0, 11.0), pack.files.values(), strict=True):
        point = panel.point(panel.setting({"gain": gain, "tone": 9.0}))
        knobs = torch.from_numpy(point.astype(np.float32))
        for model, document in zip(models, widths(container), strict=True):
            theirs = loader.init_from_nam(document).eval()
            with torch.no_grad():
                played = theirs(audio, pad_start=True)
            ours = play(model, audio, knobs)[0]
            rms = ours.square().mean().sqrt()
            # From the first sample on: nothing is left out at the beginning.
            assert float((ours - played).square().mean().sqrt() / rms) < 1e-5


def test_a_container_is_what_trainers_write(pack: Pack) -> None:
    for container in pack.files.values():
        assert (container["version"], container["architecture"]) == ("0.7.0", "SlimmableContainer")
        assert container["weights"] == []
        parts = container["config"]["submodels"]
        assert [part["max_value"] for part in parts] == [0.5, 1.0]
        assert {part["model"]["sample_rate"] for part in parts} == {container["sample_rate"]}
        # A site that looks no further sees what the best of them is.
        assert container["metadata"] == parts[-1]["model"]["metadata"]


def test_each_width_has_the_shape_of_the_fast_path(pack: Pack) -> None:
    for model, channels in zip(widths(pack.files["01-gain-1.nam"]), (3, 8), strict=True):
        (array,) = model["config"]["layers"]
        assert (array["channels"], array["bottleneck"]) == (channels, channels)
        assert array["kernel_sizes"] == KERNELS
        assert array["dilations"] == DILATIONS
        assert array["activation"] == [{"type": "LeakyReLU", "negative_slope": 0.01}] * 23
        assert array["head"] == {"out_channels": 1, "kernel_size": 16, "bias": True}
        assert array["gating_mode"] == ["none"] * 23
        assert not any(array[key]["active"] for key in array if key.endswith("film"))
        assert (array["head1x1"]["active"], array["layer1x1"]["active"]) == (False, True)
        assert model["config"]["head"] is None


def test_each_width_says_what_it_is_worth(pack: Pack) -> None:
    metrics = json.loads((pack.session / "model" / "metrics.json").read_text())
    narrow = metrics["narrow_by_setting"]
    for container in pack.files.values():
        found = [model["metadata"]["training"]["validation_esr"] for model in widths(container)]
        assert found == pytest.approx([np.mean(list(narrow.values())), metrics["holdout_esr"]])
        assert found[0] != found[1]


def test_a_pack_says_what_it_holds_and_has_its_knobs_once(pack: Pack) -> None:
    assert list(pack.files) == ["01-gain-1.nam", "02-gain-6.nam", "03-gain-11.nam"]
    assert "both its widths" in pack.text
    for container in pack.files.values():
        # Of the full width: whoever turns knobs has time for it.
        assert container["rig"]["arrays"][0]["channels"] == 8
        assert not any("rig" in model for model in widths(container))


def test_a_session_with_both_widths_is_whole(both: Path) -> None:
    assert not verify(Session.view(both)).problems
    (both / "model" / "narrow.safetensors").rename(both / "aside")
    missing = [problem.path for problem in verify(Session.view(both)).problems]
    (both / "aside").rename(both / "model" / "narrow.safetensors")
    assert missing == ["model/narrow.safetensors"]


def test_what_is_no_a2_says_how_to_get_one(finished: Path, tmp_path: Path) -> None:
    done = rig("export", finished, tmp_path / "amp.nam", "--as", "a2")
    assert done.returncode == 2
    assert command("rig", "train", finished, "--size", "a2") in done.stderr
    done = rig("export", finished, tmp_path / "amp.nam", "--as", "a2", "--format", "0.5.4")
    assert done.returncode == 2
    assert "--format: goes with --as nam" in done.stderr
    done = rig("train", finished, "--size", "huge")
    assert done.returncode == 2
    assert "a wavenet is standard, lite" in done.stderr
