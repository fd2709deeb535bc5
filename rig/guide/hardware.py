"""What the guide does with what is plugged in; tests put something else in its place."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rig.capture import Frames, Recording
from rig.config import Config
from rig.devices.midi.listening import Learnt, Pressed, listened, pressed
from rig.devices.protocols import Report
from rig.devices.survey import Survey, survey
from rig.errors import DeviceError
from rig.knobs import Setting

#: Who drives the devices meanwhile, for others who want them.
OWNER = "rig init"


class Hands(Protocol):
    """An amp whose only knob can be set."""

    def set(self, value: float) -> None:
        """Set it to a faceplate value, and wait until it has settled.

        Raises:
            DeviceError: It could not be done.
        """


class Hardware:
    """Devices, looked for and tried in processes of their own."""

    def survey(self) -> Survey:
        """Look for audio devices and MIDI ports."""
        try:
            return survey()
        except DeviceError as error:
            return Survey((), (), (str(error),))

    def learn(self) -> Learnt | None:
        """Listen for the controller that somebody moves; None where nothing was heard.

        Raises:
            DeviceError: There is nothing to listen to.
        """
        return listened()

    def press(self) -> Pressed | None:
        """Listen for the pedal that somebody presses; None where nothing was heard.

        Raises:
            DeviceError: There is nothing to listen to.
        """
        return pressed()

    @contextmanager
    def amp(self, config: Config) -> Iterator[Hands]:
        """Open an amp alone, its only knob at rest; it is put to rest again at the end.

        Raises:
            DeviceError: It is not there.
        """
        from rig.devices.client import DevicesClient

        with _folder() as folder:
            client = DevicesClient(config, folder / "devices.log", owner=OWNER)
            # At rest first: from wherever the knob stood, the way is then the same.
            try:
                client.rest_amp()
                yield _OneKnob(client, config)
                client.rest()
            finally:
                client.close()

    def play(self, config: Config, send: Frames, report: Report) -> Recording:
        """Play something through the interface and record what comes back.

        Raises:
            DeviceError: It is not there, or does not do it.
            TakeCancelled: ``report`` raised it.
        """
        from rig.devices.client import DevicesClient

        with _folder() as folder:
            client = DevicesClient(config, folder / "devices.log", owner=OWNER)
            try:
                client.open()
                return client.reamp(send, report)
            finally:
                client.close()


class _Dials(Protocol):
    def dial(self, setting: Setting) -> None:
        """Turn every knob to where a setting has it."""


class _OneKnob:
    def __init__(self, client: _Dials, config: Config) -> None:
        self._client, self._knob = client, config.panel.knobs[0]

    def set(self, value: float) -> None:
        """Set it to the allowed value that is nearest."""
        self._client.dial(Setting((self._knob.quantise(value),)))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rig-init-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
