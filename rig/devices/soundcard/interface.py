"""The sound card behind the interface protocol: one duplex stream, full width, by name."""

import time
from typing import Any

from calibration import levels
from rig.capture import Frames, Levels, Recording
from rig.config import SoundCardConfig
from rig.devices.fullscale import refuse_over_full_scale
from rig.devices.protocols import DriverContext, Report, TakeCancelled
from rig.devices.soundcard.hosts import (
    converts_in_silence,
    find_device,
    portaudio,
    stream_settings,
)
from rig.devices.soundcard.transport import Transport
from rig.errors import DeviceGone, DeviceHung

REPORT_S = 0.05
#: A stream that plays nothing for this long has lost its device. Longer than any sane block.
STALL_S = 3.0
#: A take that lasts so many times as long as its signal, and so much longer, will not end well.
DEADLINE_RATIO, DEADLINE_S = 1.25, 5.0


class SoundCard:
    """An audio interface with the amp on one pair of its channels.

    Args:
        context: The session's configuration; nothing else of it makes a difference.
    """

    def __init__(self, context: DriverContext) -> None:
        config = context.config
        assert isinstance(config.interface, SoundCardConfig)
        options = self._options = config.interface
        sends = {options.send_channel, options.loopback_send_channel or options.send_channel}
        self._outputs = tuple(sorted(channel - 1 for channel in sends))
        inputs = (options.return_channel, options.loopback_channel)
        self._inputs = tuple(channel - 1 for channel in inputs if channel is not None)
        self._transport = Transport(self._outputs, self._inputs)
        self._stream: Any = None
        self._hangs = False

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        return self._options.sample_rate

    @property
    def paced(self) -> bool:
        """A sound card plays in real time."""
        return True

    def open(self) -> None:
        """Open the stream; the list of devices is made anew first."""
        self.close()
        if self._hangs:
            raise DeviceHung("the audio driver hangs; its process has to be started anew")
        # PortAudio lists devices once: what was plugged in since shows only after this.
        audio = portaudio(self._options.host_api)
        audio._terminate()
        audio._initialize()
        options = self._options
        pair = (
            find_device(options.input, options.host_api, "input"),
            find_device(options.output, options.host_api, "output"),
        )
        widths = self._widths(pair)
        told = self._settings(pair)
        self._refuse_rate(pair, widths, told)
        self._transport = Transport(self._outputs, self._inputs)
        self._stream = self._started(pair, widths, told)

    def _started(
        self, pair: tuple[int, int], widths: tuple[int, int], told: tuple[Any, Any]
    ) -> Any:
        """Return the one stream that plays and records, running."""
        audio, options = portaudio(), self._options
        try:
            stream = audio.Stream(
                samplerate=options.sample_rate,
                blocksize=options.block_frames,
                device=pair,
                channels=widths,
                dtype="float32",
                extra_settings=told,
                **self._stream_options(),
            )
            stream.start()
        except audio.PortAudioError as error:
            raise DeviceGone(f"the interface cannot be opened: {error}{self._hint(told)}") from None
        if round(stream.samplerate) != options.sample_rate:
            stream.close()
            raise DeviceGone(
                f"the interface runs at {stream.samplerate:g} Hz, not at the "
                f"{options.sample_rate} Hz of interface.sample_rate: change one of them"
            )
        return stream

    def _stream_options(self) -> dict[str, Any]:
        """What the stream is told beside its devices and its format."""
        return {"callback": self._transport}

    def _hint(self, told: tuple[Any, Any]) -> str:
        """Add what may help where the device is asked for rig alone."""
        if told == (None, None) or not self._options.exclusive:
            return ""
        return "; close other programs that use it, or set interface.exclusive to false"

    def _apis(self, pair: tuple[int, int]) -> list[str]:
        audio = portaudio()
        apis = audio.query_hostapis()
        return [str(apis[audio.query_devices(device)["hostapi"]]["name"]) for device in pair]

    def _settings(self, pair: tuple[int, int]) -> tuple[Any, Any]:
        """What the host API is told about the input and about the output."""
        audio, exclusive = portaudio(), self._options.exclusive
        first, second = (
            stream_settings(audio, api, exclusive=exclusive) for api in self._apis(pair)
        )
        return first, second

    def _refuse_rate(
        self, pair: tuple[int, int], widths: tuple[int, int], told: tuple[Any, Any]
    ) -> None:
        """Ask both devices for the sample rate and the format before a stream is opened."""
        audio, rate = portaudio(), self._options.sample_rate
        checks = (audio.check_input_settings, audio.check_output_settings)
        asked = zip(checks, pair, widths, told, self._apis(pair), strict=True)
        for check, device, width, extra, api in asked:
            info = audio.query_devices(device)
            own = round(info["default_samplerate"])
            why = "its host API would convert in silence"
            try:
                check(
                    device=device,
                    channels=width,
                    dtype="float32",
                    samplerate=rate,
                    extra_settings=extra,
                )
            except audio.PortAudioError as error:
                why = f"{error}"
            else:
                silent = converts_in_silence(api, exclusive=self._options.exclusive)
                if not silent or own == rate:
                    continue
            raise DeviceGone(
                f"'{info['name']}' does not take {width} channels of float32 at {rate} Hz "
                f"({why}); it runs at {own} Hz: set interface.sample_rate, or change the "
                f"device's own{self._hint(told)}"
            )

    def _widths(self, pair: tuple[int, int]) -> tuple[int, int]:
        """All channels of both devices, so that a channel number means what is printed on them."""
        widths = (
            int(portaudio().query_devices(pair[0])["max_input_channels"]),
            int(portaudio().query_devices(pair[1])["max_output_channels"]),
        )
        for way, used, width in (
            ("input", max(self._inputs) + 1, widths[0]),
            ("output", max(self._outputs) + 1, widths[1]),
        ):
            if used > width:
                raise DeviceGone(
                    f"the {way} device has {width} channels, but channel {used} is used"
                )
        return widths

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play and record; see `rig.devices.protocols.Interface`."""
        if self._stream is None:
            raise DeviceGone("the interface is not open")
        refuse_over_full_scale(send)
        self._transport.begin(send)
        cancelled = self._follow(send, report)
        if cancelled:
            raise TakeCancelled
        recorded = self._transport.recorded
        loopback = recorded[:, 1].copy() if len(self._inputs) > 1 else None
        return Recording(recorded[:, 0].copy(), loopback, self._transport.dropouts)

    def _follow(self, send: Frames, report: Report) -> bool:
        """Report until the take is over; True where it was cancelled and has faded out."""
        transport, cancelled, last = self._transport, False, 0
        seen_blocks, seen_at = transport.blocks, time.monotonic()
        deadline = seen_at + DEADLINE_RATIO * len(send) / self.sample_rate + DEADLINE_S
        while not transport.done.wait(REPORT_S):
            now, blocks = time.monotonic(), transport.blocks
            # A stream whose device is gone need not say so: then only blocks that do not come tell.
            if blocks != seen_blocks:
                seen_blocks, seen_at = blocks, now
            elif now - seen_at > STALL_S or not self._stream.active:
                self._lose()
            if now > deadline:
                self._lose("plays slower than time: its clock, or the machine, cannot keep up")
            position = transport.position
            if not cancelled and position > last:
                peaks = (
                    levels.peak_dbfs(send[last:position]),
                    levels.peak_dbfs(transport.recorded[last:position, 0]),
                )
                last = position
                try:
                    report(Levels(position / self.sample_rate, *peaks))
                except TakeCancelled:
                    cancelled = True
                    transport.break_off()
        return cancelled

    def _lose(self, how: str = "went away in the middle of a take") -> None:
        """The stream is dead, and closing a dead stream hangs: it is left as it is."""
        self._stream, self._hangs = None, True
        self._transport.done.set()
        raise DeviceHung(f"the audio interface {how}")

    def close(self) -> None:
        """Stop and close the stream."""
        stream, self._stream = self._stream, None
        if stream is not None:
            # A stream that plays no more is dead, and to close it hangs.
            if not stream.active:
                self._hangs = True
                return
            # Not `stop`, which waits until everything that is buffered has been played.
            stream.abort()
            stream.close()
