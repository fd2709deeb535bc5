"""What is plugged in: audio devices and MIDI ports, looked for in a process that may hang."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from rig.child import own_module
from rig.devices.names import distinct
from rig.errors import DeviceError, DeviceGone

#: Audio servers may take long to answer; one that takes longer hangs.
PATIENCE_S = 30.0
#: Tells the process that looks for devices to leave ASIO's drivers alone.
WITHOUT_ASIO = "--without-asio"
#: Tells it to look for MIDI alone.
WITHOUT_AUDIO = "--without-audio"
#: The interfaces that ``amp.api`` may name.
MIDI_APIS = ("LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM")


@dataclass(frozen=True)
class AudioDevice:
    """One device under one host API, as PortAudio lists it."""

    host_api: str
    name: str
    inputs: int
    outputs: int
    sample_rate: int


@dataclass(frozen=True)
class MidiPort:
    """A port under one of the system's MIDI interfaces, as ``amp.api`` names them."""

    api: str
    name: str


@dataclass(frozen=True)
class Survey:
    """Everything that was found, and what could not be looked for, in a sentence each.

    Attributes:
        audio: Audio devices.
        midi: MIDI outputs, which lead to amps.
        troubles: What could not be looked for.
        midi_inputs: MIDI inputs, where foot switches and editors are heard.
    """

    audio: tuple[AudioDevice, ...]
    midi: tuple[MidiPort, ...]
    troubles: tuple[str, ...]
    midi_inputs: tuple[MidiPort, ...] = ()


def _audio() -> list[AudioDevice]:
    from rig.devices.soundcard.hosts import ASIO, portaudio

    # On Windows a device under ASIO is listed only by the PortAudio that has it.
    library = portaudio("" if WITHOUT_ASIO in sys.argv else ASIO)
    apis = [str(api["name"]) for api in library.query_hostapis()]
    return [
        AudioDevice(
            apis[device["hostapi"]],
            str(device["name"]),
            int(device["max_input_channels"]),
            int(device["max_output_channels"]),
            int(device["default_samplerate"]),
        )
        for device in library.query_devices()
    ]


def _midi(way: str) -> list[MidiPort]:
    """Ports of every interface that works: those of ``MidiOut``, or of ``MidiIn``.

    Raises:
        OSError: None does; or RuntimeError, as rtmidi likes it.
    """
    import rtmidi

    ports: list[MidiPort] = []
    failed: list[Exception] = []
    apis = [api for api in MIDI_APIS if getattr(rtmidi, f"API_{api}") in rtmidi.get_compiled_api()]
    for api in apis:
        try:
            names = getattr(rtmidi, way)(getattr(rtmidi, f"API_{api}")).get_ports()
        except (OSError, RuntimeError) as error:  # rtmidi's own are of both kinds
            failed.append(error)
        else:
            ports += [MidiPort(api, name) for name in distinct(names)]
    if failed and len(failed) == len(apis):
        raise failed[0]
    return ports


def _here() -> Survey:
    """Look from this process."""
    audio: list[AudioDevice] = []
    midi: list[MidiPort] = []
    inputs: list[MidiPort] = []
    troubles: list[str] = []
    try:
        audio = [] if WITHOUT_AUDIO in sys.argv else _audio()
    except DeviceGone as error:
        troubles.append(str(error))
    except Exception as error:  # noqa: BLE001, RUF100 (a driver's own; the rest is still of use)
        troubles.append(f"audio devices cannot be listed: {error}")
    try:
        midi, inputs = _midi("MidiOut"), _midi("MidiIn")
    except ImportError:
        troubles.append("MIDI needs python-rtmidi: pip install python-rtmidi")
    except Exception as error:  # noqa: BLE001, RUF100 (as above)
        troubles.append(f"MIDI ports cannot be listed: {error}")
    return Survey(tuple(audio), tuple(midi), tuple(troubles), tuple(inputs))


def midi_survey() -> Survey:
    """Look for MIDI alone, from another process: no audio driver is touched.

    Raises:
        DeviceError: It hangs, or takes the process with it.
    """
    return _asked(WITHOUT_AUDIO)


def survey() -> Survey:
    """Look for devices from another process.

    Raises:
        DeviceError: The drivers hang, or take the process with them.
    """
    try:
        return _asked()
    except DeviceError:
        if sys.platform != "win32":
            raise
        # One bad ASIO driver takes all others along: what is there without them is still of use.
        return _asked(WITHOUT_ASIO)


def _asked(*options: str) -> Survey:
    """Look for devices from another process, once."""
    try:
        done = subprocess.run(
            own_module("rig.devices.survey", *options),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeviceError(f"the audio drivers did not answer within {PATIENCE_S:g} s") from None
    lines = done.stdout.splitlines()
    if not lines:
        raise DeviceError("the audio drivers crashed while devices were listed")
    # The last line is ours: drivers may print what they like before it.
    found: dict[str, Any] = json.loads(lines[-1])
    audio = tuple(AudioDevice(**device) for device in found["audio"])
    midi = tuple(MidiPort(**port) for port in found["midi"])
    inputs = tuple(MidiPort(**port) for port in found["midi_inputs"])
    return Survey(audio, midi, tuple(found["troubles"]), inputs)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_here())) + "\n")
