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
from rig.config.foot_switch import FootSwitchConfig
from rig.config.knobs import KnobConfig
from rig.config.load import STAYS, dump, json_schema, load, parse, with_own
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
    "STAYS",
    "ChecksConfig",
    "Config",
    "ExcerptConfig",
    "ExternalConfig",
    "FaultConfig",
    "FootSwitchConfig",
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
    "with_own",
]
