"""One model of all settings against a dedicated model of each: what does a session cost in sound?

    OMP_NUM_THREADS=1 python benchmarks/dedicated.py --work FOLDER SESSION [SESSION ...]

At some holdout settings of finished sessions, which their models never saw, neural-amp-modeler
trains its own default network for a quarter of an hour on the very take that was recorded there.
Both are tested on the held-out guitar of that take. Rows are lines of JSON in FOLDER; said again
with the same folder, it goes on, or sums up what is there.
"""

import argparse
import copy
import json
import sys
import time
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pytorch_lightning as pl
import torch
from nam.data import Dataset as NamDataset
from nam.train.core import _get_packed_model_config
from nam.train.full import _create_callbacks, _handshake_datasets
from nam.train.lightning_module import PackedLightningModule
from pytorch_lightning.callbacks.model_checkpoint import ModelCheckpoint
from torch.utils.data import DataLoader

from calibration.levels import esr
from calibration.signals import Part
from rig.capture import Role
from rig.exchange.final_model import final_model
from rig.learner.rounds import holdout_esr
from rig.session.captures import CaptureState
from rig.session.folder import Session

LINES = "results.jsonl"
#: As neural-amp-modeler's own trainer has them.
BATCH, FRAMES = 16, 8_192
#: Steps between two validations, about.
STEPS = 40
#: Of what it may learn from, the last part tells it which weights are best.
VALIDATED_SHARE = 0.15
#: Peak that its targets are brought to, and back from afterwards.
PEAK = 0.5


def dedicated_esr(session: Session, about: CaptureState, minutes: float, work: Path) -> float:
    """Train a dedicated model of one kept take, and return its ESR on the held-out guitar."""
    assert about.kept is not None
    signal = session.signal()
    send = torch.from_numpy(signal.send.astype(np.float32))
    heard = session.kept_audio(about.kept).astype(np.float32)
    span = slice(signal.segment(Part.TONES).start, signal.segment(Part.TRAIN).stop)
    scale = PEAK / float(np.abs(heard[span]).max())
    module = _trained(send[span], torch.from_numpy(heard[span]) * scale, signal.sample_rate,
                      minutes, work)  # fmt: skip
    held_out = signal.segment(Part.HOLDOUT)
    with torch.no_grad():
        played = module(send[None, : held_out.stop], pad_start=True)[0] / scale
    target = heard[held_out.start : held_out.stop]
    # Of its two widths the better one, whichever that is.
    return min(esr(target, each[held_out.start :].numpy()) for each in played)


def _trained(
    send: torch.Tensor, target: torch.Tensor, rate: int, minutes: float, work: Path
) -> Any:
    """Train neural-amp-modeler's default network, and return it at its best validation."""
    pl.seed_everything(0, verbose=False)
    config = _get_packed_model_config()
    module = PackedLightningModule.init_from_config(copy.deepcopy(config))
    past = module.net.receptive_field
    border = round(len(send) * (1 - VALIDATED_SHARE))
    train = NamDataset(send[:border], target[:border], past, FRAMES, sample_rate=rate,
                       require_input_pre_silence=None)  # fmt: skip
    rest = slice(border - past + 1, None)
    validation = NamDataset(send[rest], target[rest], past, None, sample_rate=rate,
                            require_input_pre_silence=None)  # fmt: skip
    module.net.sample_rate = train.sample_rate
    _handshake_datasets(module, train, validation)
    loader = DataLoader(train, batch_size=min(BATCH, len(train)), shuffle=True, drop_last=True)
    # A short take is an epoch of a step or two: validated after each, little time would be left.
    every = max(STEPS // len(loader), 1)
    trainer = pl.Trainer(
        max_epochs=-1,
        max_time=timedelta(minutes=minutes),
        callbacks=_create_callbacks({"trainer": {"check_val_every_n_epoch": every}}, packed=True),
        default_root_dir=work,
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
        check_val_every_n_epoch=every,
    )
    trainer.fit(module, loader, DataLoader(validation))
    kept = trainer.checkpoint_callback
    assert isinstance(kept, ModelCheckpoint)
    if kept.best_model_path:
        module.load_state_dict(torch.load(kept.best_model_path, weights_only=False)["state_dict"])
    return module.cpu().eval()


def compared(folder: Path, settings: int, minutes: float, work: Path, known: set[str]) -> None:
    """Write a row for each setting of a session that has none yet."""
    session = Session.view(folder)
    try:
        model = final_model(session)
        ours = holdout_esr(session, model)
        for about in session.state.kept(Role.HOLDOUT)[:settings]:
            setting = session.config.panel.describe(about.capture.setting)
            name = f"{folder.name}: {setting}"
            if name in known:
                continue
            began = time.process_time()
            row = {
                "setting": name,
                "session_esr": ours[setting],
                "dedicated_esr": dedicated_esr(session, about, minutes, work),
                "minutes": minutes,
                "processor_s": round(time.process_time() - began, 1),
            }
            with (work / LINES).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            print(row, flush=True)
    finally:
        session.close()


def rows(work: Path) -> list[dict[str, Any]]:
    """Return what was found already."""
    path = work / LINES
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [json.loads(line) for line in text.splitlines()]


def show(found: list[dict[str, Any]]) -> None:
    """Print the table and the medians."""
    for row in found:
        print(f"| {row['setting']} | {row['session_esr']:.4f} | {row['dedicated_esr']:.4f} |")
    if found:
        ours, theirs = (
            np.array([row[key] for row in found]) for key in ("session_esr", "dedicated_esr")
        )
        ratio = float(np.exp(np.mean(np.log(ours / theirs))))
        print(f"\n{len(found)} settings: median {np.median(ours):.4f} against "
              f"{np.median(theirs):.4f}, geometric mean of the ratio {ratio:.2f}")  # fmt: skip


def main() -> None:
    """Compare the settings that are not compared yet, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sessions", type=Path, nargs="*", help="finished sessions")
    parser.add_argument("--work", type=Path, required=True, help="results")
    parser.add_argument("--settings", type=int, default=2, help="of each session")
    parser.add_argument("--minutes", type=float, default=15.0, help="for each dedicated model")
    typed = parser.parse_args()
    typed.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    for folder in typed.sessions:
        known = {row["setting"] for row in rows(typed.work)}
        compared(folder, typed.settings, typed.minutes, typed.work, known)
    show(rows(typed.work))


if __name__ == "__main__":
    main()
