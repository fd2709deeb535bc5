"""Studios to rehearse in: interfaces and amps with known truth, and all that spoils a take."""

from rig.devices.virtual.studio.amp_kinds import AMP_KINDS, UNREPEATABLE, draw_amp
from rig.devices.virtual.studio.amps import AmpParameters, StudioAmp
from rig.devices.virtual.studio.converters import Channel, Converter
from rig.devices.virtual.studio.drawing import draw_studio
from rig.devices.virtual.studio.faults import (
    FAULT_KINDS,
    Fault,
    FaultContext,
    FaultKind,
    draw_fault,
    fault_names,
)
from rig.devices.virtual.studio.studio import HappenedFault, Studio, StudioParameters

__all__ = [
    "AMP_KINDS",
    "FAULT_KINDS",
    "UNREPEATABLE",
    "AmpParameters",
    "Channel",
    "Converter",
    "Fault",
    "FaultContext",
    "FaultKind",
    "HappenedFault",
    "Studio",
    "StudioAmp",
    "StudioParameters",
    "draw_amp",
    "draw_fault",
    "draw_studio",
    "fault_names",
]
