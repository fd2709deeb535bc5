"""The pre-flight check: one take or two, and whether time, disk and devices will do."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from calibration import levels
from calibration.checks import Aligned, Baseline, Limits, Verdict, align, judge
from calibration.signals import Part, Signal
from rig.config import Config
from rig.devices.bench import Bench
from rig.errors import DeviceError
from rig.knobs import Setting
from rig.proposals import designs
from rig.signal import compose_signal

#: Two takes of one setting must agree at least this well to teach a model anything.
REPEATABILITY_LIMIT = 0.01
#: Float32 frames on disk for each frame played: return, loopback, aligned.
STORED_CHANNELS, FRAME_BYTES = 3, 4
#: Models, journal and logs, on top of the audio.
SPARE_BYTES = 200_000_000
#: A return below this wastes the converter.
QUIET_DBFS = -40.0


@dataclass(frozen=True)
class Finding:
    """One row of the table: what was looked at, what was found, what it had to be, what to do."""

    name: str
    figure: str
    limit: str
    passed: bool
    advice: str = ""


def _take(
    bench: Bench, setting: Setting, signal: Signal, limits: Limits
) -> tuple[Aligned, Verdict]:
    bench.dial(setting)
    recording = bench.reamp(signal.send.astype(np.float32))
    loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
    aligned = align(recording.returned.astype(np.float64), loopback, signal, recording.dropouts)
    return aligned, judge(aligned, signal, limits, Baseline())


def _level_findings(figures: dict[str, float], limits: Limits) -> Iterator[Finding]:
    peak, noise = figures["return_peak_dbfs"], figures["noise_dbfs"]
    yield Finding(
        "return level",
        f"{peak:.1f} dBFS peak",
        f"{QUIET_DBFS:g} to {limits.clip_dbfs:g}",
        QUIET_DBFS < peak < limits.clip_dbfs,
        "turn the interface's input until the loudest setting peaks a little below 0",
    )
    yield Finding(
        "noise floor",
        f"{noise:.0f} dBFS",
        f"under {limits.silence_dbfs:g}",
        noise < limits.silence_dbfs,
        "look for hum and hiss: cables, lamps, phones",
    )


def _loopback_findings(
    aligned: Aligned, figures: dict[str, float], limits: Limits
) -> Iterator[Finding]:
    if aligned.loopback is None:
        yield Finding("loopback", "not patched", "patched", True, "a cable makes timing certain")
        return
    error = figures["loopback_error_db"]
    yield Finding(
        "loopback",
        f"{error:.0f} dB error",
        f"under {limits.loopback_error_db:g}",
        error < limits.loopback_error_db,
        "patch a cable from an output straight to an input, and turn that input down",
    )
    latency = aligned.latency
    yield Finding(
        "round trip",
        f"{latency.frames:.2f} frames" + (", inverted" if latency.inverted else ""),
        "found",
        latency.sharpness > 8.0,
        "the preamble was not found: check the loopback's cable and level",
    )


def _needs(config: Config, signal: Signal, base: Path) -> Iterator[Finding]:
    plan = config.plan
    takes = (plan.captures or 500) + plan.holdouts
    takes += takes // plan.canary_every + 2
    need = takes * len(signal.send) * STORED_CHANNELS * FRAME_BYTES + SPARE_BYTES
    free = shutil.disk_usage(base if base.is_dir() else Path.cwd()).free
    yield Finding(
        "disk",
        f"{free / 1e9:.1f} GB free",
        f"{need / 1e9:.1f} GB",
        free > need,
        "make room, or capture to another disk with --session",
    )
    minutes = takes * signal.duration_s / 60
    yield Finding("playing time", f"{takes} takes, {minutes:.0f} min", "", True)


def _rig_findings(config: Config, bench: Bench, signal: Signal) -> Iterator[Finding]:
    limits = Limits(**config.checks.model_dump())
    setting = designs.reference(config.panel)
    first, verdict = _take(bench, setting, signal, limits)
    figures = dict(verdict.figures)
    yield from _loopback_findings(first, figures, limits)
    yield from _level_findings(figures, limits)
    second, _ = _take(bench, setting, signal, limits)
    guitar = slice(signal.segment(Part.TRAIN).start, None)
    repeated = levels.esr(first.returned[guitar], second.returned[guitar])
    yield Finding(
        "repeatability",
        f"ESR {repeated:.1e}",
        f"under {REPEATABILITY_LIMIT:g}",
        repeated < REPEATABILITY_LIMIT,
        "let the amp warm up; look for loose knobs, tremolo, reverb",
    )
    for reason in verdict.reasons:
        yield Finding(
            f"take: {reason.check}",
            f"{reason.figure:.3g}",
            f"{reason.limit:.3g}",
            False,
            reason.sentence,
        )


def preflight(config: Config, base: Path) -> list[Finding]:
    """Open the rig, record the reference setting twice, and report.

    Args:
        config: A configuration that its drivers accept.
        base: The folder that its file names are relative to.

    Raises:
        ConfigError: A guitar recording is missing.
    """
    with tempfile.TemporaryDirectory(prefix="rig-check-", ignore_cleanup_errors=True) as folder:
        bench = Bench(config, Path(folder) / "devices.log")
        try:
            bench.open()
        except DeviceError as error:
            return [Finding("devices", str(error), "there", False, "switch on, plug in, try again")]
        try:
            rate = f"{config.interface.driver} at {bench.sample_rate} Hz"
            signal = compose_signal(config.signal, base, bench.sample_rate)
            findings = [Finding("devices", f"{config.amp.driver}, {rate}", "there", True)]
            findings += _rig_findings(config, bench, signal)
            bench.rest()
            return [*findings, *_needs(config, signal, base)]
        except DeviceError as error:
            return [Finding("devices", str(error), "answering", False, "look at the cables")]
        finally:
            bench.close()


def table(findings: list[Finding]) -> Table:
    """The findings for a terminal."""
    drawn = Table(box=None, header_style="dim", padding=(0, 2))
    for column in ("check", "figure", "limit", "", "what to do"):
        drawn.add_column(column)
    for finding in findings:
        verdict = "[green]good[/]" if finding.passed else "[bold red]bad[/]"
        advice = "" if finding.passed else finding.advice
        drawn.add_row(finding.name, finding.figure, finding.limit, verdict, advice)
    return drawn
