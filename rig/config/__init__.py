"""The configuration ``rig.yaml``: its types, its loader, its JSON Schema."""

from rig.config.devices import (
    ExternalConfig,
    FaultConfig,
    HandAmpConfig,
    MidiAmpConfig,
    MiswiringConfig,
    ReplayAmpConfig,
    ReplayInterfaceConfig,
    SoundCardConfig,
    VirtualAmpConfig,
    VirtualInterfaceConfig,
)
from rig.config.knobs import KnobConfig
from rig.config.load import dump, json_schema, load, parse
from rig.config.types import (
    ChecksConfig,
    Config,
    ExcerptConfig,
    LearnerConfig,
    NotifyConfig,
    PlanConfig,
    SignalConfig,
)

__all__ = [
    "ChecksConfig",
    "Config",
    "ExcerptConfig",
    "ExternalConfig",
    "FaultConfig",
    "HandAmpConfig",
    "KnobConfig",
    "LearnerConfig",
    "MidiAmpConfig",
    "MiswiringConfig",
    "NotifyConfig",
    "PlanConfig",
    "ReplayAmpConfig",
    "ReplayInterfaceConfig",
    "SignalConfig",
    "SoundCardConfig",
    "VirtualAmpConfig",
    "VirtualInterfaceConfig",
    "dump",
    "json_schema",
    "load",
    "parse",
]
