"""The check itself, from the devices to the last knob."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from calibration.checks import Limits
from calibration.signals import Signal
from calibration.verdict import Check
from rig.config import Config
from rig.devices.client import DevicesClient
from rig.errors import DeviceError
from rig.knobs import Setting
from rig.preflight import amp, chain, cluster, machine, pedal
from rig.preflight.finding import WHOLE, Finding, Grade, finding
from rig.preflight.knob_rows import knob_rows
from rig.preflight.knobs import Wires
from rig.preflight.needs import hours, needs
from rig.preflight.probe import AskHands, Heard, Probe, Say
from rig.preflight.settling import settling
from rig.printable import count_of
from rig.proposals import designs
from rig.session.signal import signal_for

#: With these nothing that comes after them would mean anything.
HOPELESS = frozenset({Check.SILENCE, Check.LOOPBACK})
#: Of these, what has a row of its own already.
TOLD = frozenset({Check.LOOPBACK})


def _silent(_what: str) -> None:
    return None


def preflight(
    config: Config,
    base: Path,
    ask: AskHands | None = None,
    say: Say = _silent,
    *,
    notifies: bool = True,
) -> Iterator[Finding]:
    """Open the rig, listen to it, and report row by row.

    Args:
        config: A configuration that its drivers accept.
        base: The folder that its file names are relative to.
        ask: Asks for hands; without it knobs turned by hand are taken to stand right.
        say: Told what is being looked at.
        notifies: Whether the user's programs are run once, to see whether they do.

    Raises:
        ConfigError: A guitar recording is missing.
    """
    say("devices")
    with tempfile.TemporaryDirectory(prefix="rig-check-", ignore_cleanup_errors=True) as folder:
        bench = DevicesClient(config, Path(folder) / "devices.log")
        try:
            bench.open()
        except DeviceError as error:
            advice = "switch on, plug in, try again"
            yield finding("devices", str(error), "there", good=False, advice=advice)
            return
        try:
            rate = f"{config.interface.driver} at {bench.sample_rate} Hz"
            yield Finding("devices", f"{config.amp.driver}, {rate}", "there")
            signal = signal_for(config, base, bench.sample_rate)
            yield from _rig(config, bench, signal, base, ask, say)
            yield from machine.machine(paced=bench.paced)
            yield from cluster.cluster(config)
            say("foot switch")
            yield from pedal.foot_switch(config)
            if notifies:
                say("programs to tell")
                yield from machine.programs(config.notify)
            bench.rest()
        except DeviceError as error:
            advice = "look at the cables"
            yield finding("connection", str(error), "steady", good=False, advice=advice)
        finally:
            bench.close()


def _rig(
    config: Config, bench: DevicesClient, signal: Signal, base: Path, ask: AskHands | None, say: Say
) -> Iterator[Finding]:
    limits = Limits(**config.checks.model_dump())
    probe = Probe(bench, config.panel, signal, config.signal.peak_dbfs, limits, ask)
    reference = designs.reference(config.panel)
    say("loopback and noise")
    started = time.monotonic()
    first = probe.take(reference, signal=probe.long)
    # A device that is not paced plays in no time, and all of it was dialling.
    dialling_s = time.monotonic() - started - probe.long.duration_s * bench.paced
    yield from chain.timing(first, probe.long, signal, limits)
    hopeless = [reason for reason in first.verdict.reasons if reason.check in HOPELESS]
    if hopeless:
        for reason in hopeless:
            if reason.check not in TOLD:
                yield Finding(reason.check, reason.sentence, "", Grade.BAD, "then check again")
        return
    yield from _return(first, probe)
    rest = amp.come_to_rest(probe, reference, first, say)
    say("what was left on")
    on = amp.listen_for_effects(probe, reference, rest)
    yield from amp.left_on(on)
    # What swings by itself is never at rest, and has a row that says so.
    if not on.is_modulated:
        yield from amp.steadiness(rest)
    yield from _knobs(config, probe, reference, rest, ask, say, concludes=not on.hides_knobs)
    yield _dropouts(probe)
    take_s = max(dialling_s, 0.0)
    yield from needs(config, signal, base, take_s, paced=bench.paced)
    night = hours(config, signal, take_s, paced=bench.paced)
    yield Finding(WHOLE, night.sentence(config.plan.until))


def _return(first: Heard, probe: Probe) -> Iterator[Finding]:
    """What the first take says of the return."""
    lag = chain.lag(first, probe.long.sample_rate)
    if lag is not None:
        yield lag
    yield chain.offset(first)
    yield from chain.quiet(first, probe.long)


def _knobs(
    config: Config,
    probe: Probe,
    reference: Setting,
    rest: amp.Rest,
    ask: AskHands | None,
    say: Say,
    *,
    concludes: bool,
) -> Iterator[Finding]:
    """What every knob does, then the loudest and the quietest that they come to together."""
    wires = Wires(probe, config, reference, rest)
    wires.listen(say)
    yield from knob_rows(wires, config, say, concludes=concludes)
    say("the quietest setting")
    away = wires.extreme(loud=False, hands=False)
    quietest = probe.take(away)
    yield _crosstalk(probe, wires, quietest, rest)
    # What swings or rings by itself is never the same, wherever the knobs came from.
    if concludes:
        yield from settling(probe, away, reference, rest, say)
    say("the loudest setting")
    loudest = wires.extreme(loud=True, hands=ask is not None)
    yield chain.level(probe, loudest, chain.meet(probe, loudest))


def _crosstalk(probe: Probe, wires: Wires, quietest: Heard, rest: amp.Rest) -> Finding:
    """Tell crosstalk; an amp that is clean and not closed at its quietest is no such thing."""
    row = chain.crosstalk(quietest, rest.heard, probe.short)
    if row.passed or not chain.is_of_the_amp(quietest, wires.beside_quietest(), probe.short):
        return row
    return replace(row, figure="hidden by the amp", verdict=Grade.GOOD, advice="")


def _dropouts(probe: Probe) -> Finding:
    return finding(
        "dropouts",
        f"{probe.damaged} of {count_of(probe.takes, 'take')}",
        "1 in 4",
        good=4 * probe.damaged <= probe.takes,
        advice="audio is lost on the way: a larger interface.block_frames, fewer programs, "
        "another USB port",
    )
