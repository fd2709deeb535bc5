"""Whether the foot switch is there that answers for hands."""

from collections.abc import Callable, Iterator

import yaml

from rig.config import Config, FootSwitchConfig
from rig.devices.midi.named import is_device, places_of
from rig.devices.names import told
from rig.devices.survey import Survey, midi_survey
from rig.errors import DeviceError
from rig.preflight.finding import Finding, Grade

NAME = "foot switch"


def foot_switch(config: Config, look: Callable[[], Survey] = midi_survey) -> Iterator[Finding]:
    """The row about the foot switch, where one is named.

    Args:
        config: The configuration.
        look: Looks for MIDI ports.
    """
    wanted = config.foot_switch
    if wanted is None:
        return
    if not any(knob.by_hand for knob in config.panel.knobs):
        advice = "no knob has 'hand: true', so nobody is asked: nothing needs to be done"
        yield Finding(NAME, "not needed", "", Grade.NOTE, advice)
        return
    try:
        found = look()
    except DeviceError as error:
        yield _missing(str(error), "without it 'rig done' and Enter answer")
        return
    yield _row(wanted, found)


def _row(wanted: FootSwitchConfig, found: Survey) -> Finding:
    listed = [port.name for port in found.midi_inputs if is_device(port.name)]
    there = listed if wanted.port is None else _meant(wanted.port, found)
    if there:
        # It is not pressed here: what it sends is shown by the first question of the night.
        sends = ", ".join(f"{answer} {kind} {n}" for (kind, n), answer in wanted.answers().items())
        return Finding(NAME, f"{told(list(dict.fromkeys(there)))}: {sends}", "there")
    if found.troubles:
        return _missing(found.troubles[0], "without it 'rig done' and Enter answer")
    if not listed:
        return _missing("no MIDI input is there", "switch it on, plug it in, then check again")
    section = {"port": listed[0], **wanted.model_dump(exclude_none=True, exclude={"port"})}
    line = yaml.safe_dump(section, default_flow_style=True, width=float("inf"), sort_keys=False)
    advice = f"plug it in, or write into rig.yaml: foot_switch: {line.strip()}"
    return _missing(f"'{wanted.port}' is not there; there are: {told(listed)}", advice)


def _meant(wanted: str, found: Survey) -> list[str]:
    meant: list[str] = []
    # Interface by interface, since each adds something else to a name.
    for api in dict.fromkeys(port.api for port in found.midi_inputs):
        listed = [port.name for port in found.midi_inputs if port.api == api]
        meant += [listed[place] for place in places_of(wanted, listed, api)]
    return meant


def _missing(figure: str, advice: str) -> Finding:
    # The night goes on without it: whoever reads this has other ways to answer.
    return Finding(NAME, figure, "there", Grade.NOTE, advice)
