"""PortAudio, and what each host API has to be told so that it plays what it is given."""

import os
import re
import sys
from typing import Any

from rig.devices import names
from rig.errors import DeviceGone

ASIO = "ASIO"
#: Read by sounddevice as it is imported: only then does it load the PortAudio that has ASIO.
ENABLE_ASIO = "SD_ENABLE_ASIO"
#: From Windows' objbase.h: ASIO drivers live in an apartment; a thread may be in another already.
COINIT_APARTMENTTHREADED, RPC_E_CHANGED_MODE = 0x2, 0x80010106
# A card that was 'hw:1,0' may come back as 'hw:3,0', and is the same one.
#: ALSA's name of a card says where it is plugged in, and which of its devices this is.
_CARD = re.compile(r" \(hw:\d+,(\d+)\)$")


def portaudio(host_api: str = "") -> Any:
    """PortAudio, which opens the audio server as soon as it is imported: so only where it is used.

    Args:
        host_api: Which host API will be used, where that is known.

    Raises:
        DeviceGone: It is not installed.
    """
    if sys.platform == "win32" and ASIO.lower() in host_api.lower():
        os.environ[ENABLE_ASIO] = "1"
        _join_com()
    try:
        import sounddevice
    except OSError as error:
        raise DeviceGone(
            f"PortAudio cannot be loaded ({error}); on Linux: apt install libportaudio2"
        ) from None
    return sounddevice


def _join_com() -> None:
    """Initialise COM in this thread, without which Windows loads no ASIO driver in it."""
    if sys.platform == "win32":
        import ctypes

        result = ctypes.windll.ole32.CoInitializeEx(None, COINIT_APARTMENTTHREADED)
        # A thread that is in COM in another way will do: the driver itself tells where it does not.
        if result < 0 and result & 0xFFFFFFFF != RPC_E_CHANGED_MODE:
            raise DeviceGone(f"ASIO cannot be used: Windows' COM failed ({result & 0xFFFFFFFF:#x})")


def _is_called(api: str, wanted: str) -> bool:
    """Whether a host API is meant: PortAudio writes 'Core Audio', everybody else 'CoreAudio'."""
    return wanted.lower().replace(" ", "") in api.lower().replace(" ", "")


def find_device(wanted: str, host_api: str, way: str) -> int:
    """The index, right now, of the only device of a name and host API that can do ``way``.

    Args:
        wanted: The name, or a part of it.
        host_api: A part of the host API's name.
        way: "input" or "output".

    Raises:
        DeviceGone: There is none, or there are several.
    """
    audio = portaudio(host_api)
    apis = [str(api["name"]) for api in audio.query_hostapis()]
    listed = [
        (index, str(device["name"]))
        for index, device in enumerate(audio.query_devices())
        if device[f"max_{way}_channels"] > 0 and _is_called(apis[device["hostapi"]], host_api)
    ]
    all_names = [name for _, name in listed]
    pattern, instead = _numbering(wanted)
    found = names.places(
        wanted,
        all_names,
        [pattern.sub(instead, wanted)],
        lambda name, _: pattern.sub(instead, name),
    )
    if len(found) == 1:
        return listed[found[0]][0]
    problem = f"there are several {way} devices" if found else f"there is no {way} device"
    there = names.told(all_names)
    raise DeviceGone(f"{problem} '{wanted}' under {host_api}; there are: {there}")


def _numbering(wanted: str) -> tuple[re.Pattern[str], str]:
    """What is taken off the names of cards, numbered anew with each plug, and what stays."""
    if _CARD.search(wanted):
        # Another device of the same card is not the one that was meant.
        return _CARD, r" (hw:,\1)"
    # Who gives nothing but a number means that number.
    return (re.compile("$^"), "") if "hw:" in wanted.lower() else (_CARD, "")


def stream_settings(audio: Any, api: str, *, exclusive: bool) -> Any:
    """What a host API is told so that it converts no sample rate in silence; None for most."""
    if _is_called(api, "CoreAudio"):
        # The device itself is set to the rate, and a rate that it has not is an error.
        return audio.CoreAudioSettings(
            change_device_parameters=exclusive, fail_if_conversion_required=exclusive
        )
    if _is_called(api, "WASAPI"):
        # Shared streams pass Windows' mixer, with its limiter and other programs' sounds.
        return audio.WasapiSettings(exclusive=exclusive)
    return None


def converts_in_silence(api: str, *, exclusive: bool) -> bool:
    """Whether a stream may run at another rate than its device, which nothing then tells."""
    return not exclusive and (_is_called(api, "CoreAudio") or _is_called(api, "WASAPI"))
