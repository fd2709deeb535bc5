"""``rig bench``: what is written down is not measured twice, and tables say what lines say."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig import config as configuration
from rig.bench import across_amps, features, results
from rig.bench.comparison import Comparison, compare, open_subject
from rig.bench.subjects import LiveSubject, ReplayedSubject, recording_frames
from rig.bench.trial import Terms, settings_to_test
from rig.cli import bench
from rig.devices.virtual.foreign.draw import draw_foreign
from rig.errors import UsageError
from rig.knobs import Setting
from rig.session.folder import Session
from tests.conftest import TINY

STRATEGIES = ("integrated-variance", "lhs")
TERMS = Terms(counts=(5, 7), seeds_at=5, batch=2, tests=4, plan=None)


def comparison(folder: Path, *amps: str, strategies: tuple[str, ...] = STRATEGIES) -> Comparison:
    return Comparison(folder, amps or ("tweed",), strategies, (0,), TERMS, 1)


def measured(folder: Path) -> list[dict[str, object]]:
    """Rows without what differs between runs."""
    return [
        {key: value for key, value in row.items() if key != "spent_s"}
        for row in results.Results(folder).rows()
    ]


def test_a_comparison_broken_off_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    compare(comparison(whole), lambda *_: None)
    compare(comparison(whole), lambda *_: None)
    rows = measured(whole)
    assert [(row["strategy"], row["captures"]) for row in rows] == [
        (strategy, count) for strategy in STRATEGIES for count in (5, 7)
    ]
    lines = (whole / results.LINES).read_text(encoding="utf-8").splitlines(keepends=True)
    broken.mkdir()
    (broken / results.LINES).write_text(lines[0] + lines[2], encoding="utf-8")
    compare(comparison(broken), lambda *_: None)
    assert sorted(measured(broken), key=str) == sorted(rows, key=str)


def test_no_setting_is_learnt_from_and_tested_on(tmp_path: Path) -> None:
    compare(comparison(tmp_path, strategies=STRATEGIES[:1]), lambda *_: None)
    with open_subject("tweed", tmp_path, brief=True) as subject:
        play, anywhere = settings_to_test(subject, TERMS.tests)
    for row in results.Results(tmp_path).rows():
        learnt = {Setting(tuple(values)) for values in row["settings"]}
        assert len(learnt) == row["captures"]
        assert not learnt & {*play, *anywhere}


def test_the_takes_of_a_session_are_an_amp(finished: Path, tmp_path: Path) -> None:
    terms = Terms(counts=(4, 6), seeds_at=4, batch=2, tests=3, plan=None)
    asked = Comparison(tmp_path, (str(finished),), ("panama", "lhs"), (0,), terms, 1)
    compare(asked, lambda *_: None)
    session = Session.view(finished)
    pool = set(ReplayedSubject(session).pool)
    session.close()
    rows = results.Results(tmp_path).rows()
    assert [row["captures"] for row in rows] == [4, 6, 4, 6]
    for row in rows:
        assert {Setting(tuple(values)) for values in row["settings"]} <= pool


def test_a_session_with_too_few_settings_is_refused(finished: Path, tmp_path: Path) -> None:
    terms = Terms(counts=(4, 40), seeds_at=4, batch=2, tests=3, plan=None)
    asked = Comparison(tmp_path, (str(finished),), ("lhs",), (0,), terms, 1)
    with pytest.raises(UsageError, match="11 kept settings, 7 are left"):
        compare(asked, lambda *_: None)


def test_a_sessions_tests_are_where_players_set_the_knobs(finished: Path) -> None:
    session = Session.view(finished)
    subject = ReplayedSubject(session)
    play, anywhere = settings_to_test(subject, 4)
    middle = [knob.play_unit()[0] for knob in subject.panel.knobs]

    def away(settings: list[Setting]) -> float:
        return float(np.mean([np.abs(subject.panel.point(s) - middle).mean() for s in settings]))

    assert len({*play, *anywhere}) == 6
    assert away(play) < away([s for s in subject.pool if s not in play])
    session.close()


def test_a_configured_rig_is_an_amp_and_plays_no_setting_twice(tmp_path: Path) -> None:
    config = configuration.parse(TINY)
    with LiveSubject(config, tmp_path, tmp_path) as live:
        setting = config.panel.quantise([0.3, 0.6, 0.9])
        first = live.record(setting)
        assert first.shape == (recording_frames(live),)
        assert float(np.abs(first).max()) > 0.01
    kept = list((tmp_path / "recordings").rglob("*.npy"))
    assert len(kept) == 1
    live._devices.close()
    assert np.array_equal(live.record(setting), first)


@pytest.mark.parametrize(
    ("amps", "strategies", "said"),
    [
        (("fender",), ("lhs",), "--amp fender: there is no such built-in amp"),
        (("tweed",), ("guess",), "--strategy guess: there is no such strategy"),
    ],
)
def test_what_is_not_there_is_one_line(
    tmp_path: Path, amps: tuple[str, ...], strategies: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        compare(comparison(tmp_path, *amps, strategies=strategies), lambda *_: None)


@pytest.mark.parametrize("counts", ["", "3,8", "8,4", "8,8", "a,b"])
def test_counts_that_do_not_rise_are_refused(counts: str) -> None:
    with pytest.raises(UsageError, match="--counts"):
        bench._counts(counts)


def test_a_line_cut_short_is_left_out_and_a_foreign_one_named(tmp_path: Path) -> None:
    found = results.Results(tmp_path)
    row = {"mode": "audio", "amp": "a", "strategy": "lhs", "seed": 0, "captures": 5}
    found.add({**row, "settings": [[1.0]]})
    whole = found.path.read_text(encoding="utf-8")
    found.path.write_text(whole + whole[:30], encoding="utf-8")
    assert len(found.rows()) == 1
    found.path.write_text("{}\n" + whole, encoding="utf-8")
    with pytest.raises(UsageError, match="line 1 is no result"):
        found.rows()


@given(st.dictionaries(st.integers(4, 60), st.floats(1e-4, 1.0), min_size=1, max_size=8))
def test_captures_needed_lie_between_the_counts_around_them(curve: dict[int, float]) -> None:
    goal = min(curve.values()) * 1.5
    needed = results.captures_needed(curve, goal)
    reached = min(count for count, error in curve.items() if error <= goal)
    before = max((count for count in curve if count < reached), default=reached)
    assert needed is not None
    assert before <= needed <= reached
    assert results.captures_needed(curve, min(curve.values()) / 2) is None


def row(strategy: str, captures: int, error: float, amp: str = "tweed") -> dict[str, object]:
    figures = {"esr": {"median": error, "mean": error, "p90": error}}
    about = {"mode": "audio", "amp": amp, "strategy": strategy, "seed": 0}
    return {**about, "captures": captures, "play": figures, "anywhere": figures}


def test_a_table_says_how_many_captures_do_for_what_the_plan_needs_forty() -> None:
    rows = [row("lhs+corners", 20, 0.2), row("lhs+corners", 40, 0.05)]
    rows += [row("integrated-variance", 20, 0.1), row("integrated-variance", 40, 0.025)]
    header, plan, ours = results.table(rows, "audio", "play", "mean")
    assert header == ["strategy", "20", "40", "for lhs+corners at 40"]
    assert plan == ["lhs+corners", "0.2", "0.05", "40"]
    assert ours == ["integrated-variance", "0.1", "0.025", "30"]
    assert "| integrated-variance | 0.1 | 0.025 | 30 |" in results.markdown(rows)


def test_the_better_of_two_plans_is_the_one_to_beat() -> None:
    rows = [
        row("lhs+corners", 40, 0.05),
        row("lhs", 40, 0.04),
        row("integrated-variance", 28, 0.04),
    ]
    rows.append(row("sobol", 40, 0.03))
    header, *lines = results.table(rows, "audio", "play", "mean")
    assert header[-1] == "for lhs at 40"
    assert [line[-1] for line in lines] == ["", "40", "28", "40"]
    assert results.table(rows[2:], "audio", "play", "mean")[0] == ["strategy", "28", "40"]


def test_over_amps_each_counts_by_its_ratio_to_the_better_plan() -> None:
    # Half the better plan's error on one amp and twice of it on another: no better than the plan.
    rows = [row("lhs", 20, 0.2, "a"), row("lhs+corners", 20, 0.1, "a"), row("ours", 20, 0.05, "a")]
    rows += [row("lhs", 20, 0.3, "b"), row("lhs+corners", 20, 0.9, "b"), row("ours", 20, 0.6, "b")]
    ratios = across_amps.ratios_to_better_plan(rows, "audio", "play", "mean")
    assert ratios["ours", 20] == pytest.approx([0.5, 2.0])
    assert ratios["lhs", 20] == pytest.approx([2.0, 1.0])
    # Student's t for one degree of freedom is 12.706, and the error of the mean is ln 2.
    found = across_amps.geometric_mean([0.5, 2.0])
    assert found.low == pytest.approx(2.0**-12.7062, rel=1e-4)
    assert found.high == pytest.approx(2.0**12.7062, rel=1e-4)
    header, *lines = across_amps.table(rows, "audio", "play", "mean")
    assert header == ["strategy", "20"]
    assert lines[-1] == ["ours", f"1.00 (0.00 to {found.high:.2f})"]
    assert across_amps.markdown(rows).startswith("### 2 amps, audio: median esr where players")
    assert across_amps.markdown(of_one := [each for each in rows if each["amp"] == "a"]) == ""
    assert across_amps.table(of_one, "audio", "play", "mean")[-1] == ["ours", "0.50"]


@given(st.lists(st.floats(0.01, 100.0), min_size=2, max_size=30))
def test_an_interval_holds_its_mean_and_does_not_depend_on_which_is_divided(
    ratios: list[float],
) -> None:
    found = across_amps.geometric_mean(ratios)
    turned = across_amps.geometric_mean([1.0 / ratio for ratio in ratios])
    assert found.low is not None
    assert found.high is not None
    assert turned.low is not None
    assert found.low <= found.mean * (1 + 1e-9)
    assert found.mean <= found.high * (1 + 1e-9)
    assert turned.low * found.high == pytest.approx(1.0)


def test_curves_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (path,) = results.plot([row("lhs", 20, 0.2), row("lhs", 40, 0.05)], tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_both_regressions_learn_what_they_are_shown() -> None:
    draw = np.random.default_rng(0)
    points = draw.random((30, 2))

    def levels(at: features.Table) -> features.Table:
        return np.stack([20 * at[:, 0], 10 * np.sin(3 * at[:, 1]), at.sum(1)], 1)

    asked = 0.1 + 0.8 * draw.random((40, 2))
    network = features.Network(points, levels(points), 0)(asked)
    kernel = features.kernel_regression(points, levels(points), asked)
    assert features.error_db(network, levels(asked)).mean() < 0.5
    assert features.error_db(kernel, levels(asked)).mean() < 0.1


def test_a_real_run_that_is_killed_keeps_its_lines_and_is_taken_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rig", "bench", str(tmp_path), "--amp", "tweed"]
    command += ["--seeds", "1", "--counts", "5,7", "--batch", "2", "--tests", "4"]
    command += ["--strategy", "lhs", "--strategy", "random", "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    lines = tmp_path / results.LINES
    while not lines.exists() or not lines.read_text(encoding="utf-8"):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    before = [line for line in lines.read_text(encoding="utf-8").split("\n") if line]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = lines.read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert len(after) == 4
    assert "tweed, features: mean network_db where players set the knobs" in done.stdout
    assert (tmp_path / "results.md").is_file()
    assert json.loads(after[0])["mode"] == "features"


def test_two_workers_that_keep_the_same_recording_do_not_disturb_each_other(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from rig.bench.subjects import RecordingCache; from rig.knobs import Setting\n"
        "shelf, setting = RecordingCache(Path(sys.argv[1])), Setting((1.0,))\n"
        "for _ in range(200):\n"
        "    assert shelf.put(setting, np.ones(500, np.float32)).sum() == 500\n"
        "    assert shelf.get(setting).sum() == 500\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "shelf")]) for _ in range(2)
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert [path.suffix for path in (tmp_path / "shelf").iterdir()] == [".npy"]


def test_a_foreign_amp_is_compared_with_its_own_knobs_and_switches(tmp_path: Path) -> None:
    compare(comparison(tmp_path, "foreign-8", strategies=("lhs",)), lambda *_: None)
    assert [row["captures"] for row in results.Results(tmp_path).rows()] == [5, 7]
    with open_subject("foreign-8", tmp_path, brief=True) as subject:
        circuit = draw_foreign(8)
        assert circuit.switches
        assert [knob.name for knob in subject.panel.knobs] == [*circuit.knobs, *circuit.switches]
        assert [knob.is_switch for knob in subject.panel.knobs] == [
            name in circuit.switches for name in (*circuit.knobs, *circuit.switches)
        ]
