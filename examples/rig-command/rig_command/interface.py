"""A program in place of a cable: a WAV file goes in, another comes out."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from rig.capture import Levels, Recording
from rig.devices.protocols import DriverContext, Report
from rig.errors import DeviceError, DeviceGone
from rig_command.amp import CommandAmp

Frames = NDArray[np.float32]
#: A program that needs longer than this, on top of four times the signal, hangs.
PATIENCE_S = 60.0


def _dbfs(audio: Frames) -> float:
    return float(20 * np.log10(max(float(np.max(np.abs(audio), initial=0.0)), 1e-10)))


class CommandInterface:
    """Plays a signal through a program.

    Args:
        context: The configuration, with ``interface.options``, and the amp, which knows where the
            knobs stand.
    """

    #: It renders as fast as it can, so rig trains and records in turns.
    paced = False

    def __init__(self, context: DriverContext) -> None:
        interface: Any = context.config.interface
        self._program = [str(word) for word in interface.options.get("program", [])]
        self.sample_rate = int(interface.options.get("sample_rate", 48_000))
        assert isinstance(context.amp, CommandAmp)
        self._amp = context.amp

    @staticmethod
    def problems(config: Any) -> list[str]:
        """Mistakes in rig.yaml that only this driver knows of."""
        found = []
        if config.amp.driver != "command":
            found.append("interface.driver: 'command' goes with amp.driver 'command' only")
        program = config.interface.options.get("program")
        if not isinstance(program, list) or not program:
            found.append("interface.options.program: name the program, [my-host, --preset, clean]")
        return found

    def open(self) -> None:
        """There is nothing to take hold of."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Let the program play ``(frames,)``."""
        duration_s = len(send) / self.sample_rate
        report(Levels(0.0, _dbfs(send), -200.0))
        with tempfile.TemporaryDirectory(prefix="rig-command-") as folder:
            files = [Path(folder, name) for name in ("send.wav", "return.wav", "knobs.json")]
            wavfile.write(files[0], self.sample_rate, send)
            files[2].write_text(json.dumps(self._amp.values), encoding="utf-8")
            self._run([*self._program, *map(str, files)], PATIENCE_S + 4 * duration_s)
            returned = self._read(files[1])
        if len(returned) < len(send):
            raise DeviceError(f"{self._program[0]} gave {len(returned)} frames for {len(send)}")
        returned = np.clip(returned[: len(send)], -1.0, 1.0)
        report(Levels(duration_s, _dbfs(send), _dbfs(returned)))
        return Recording(returned, None)

    def _run(self, command: list[str], timeout_s: float) -> None:
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired:
            raise DeviceError(f"{command[0]} hung") from None
        except OSError as error:
            raise DeviceGone(f"{command[0]} cannot be run: {error.strerror}") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise DeviceError(f"{command[0]} failed: {said[0] if said else done.returncode}")

    def _read(self, path: Path) -> Frames:
        try:
            rate, audio = wavfile.read(path)
        except (OSError, ValueError) as error:
            raise DeviceError(f"{self._program[0]} wrote no WAV file: {error}") from None
        if rate != self.sample_rate or audio.ndim != 1 or audio.dtype.kind != "f":
            raise DeviceError(f"{self._program[0]} must write mono float at {self.sample_rate} Hz")
        return audio.astype(np.float32)
