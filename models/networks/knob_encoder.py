"""Encode settings of the knobs as the few numbers that condition a network."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Width of the hidden layer.
HIDDEN = 24
#: The first two outputs are the logarithms of the gains before and behind the network.
GAINS = 2
#: Units that hear a single pot: where along its travel each begins to bend, and how gently. Closely
#: at its beginning, since what a volume does there is most of what it does.
POT_UNITS = (
    (0.06, 0.04),
    (0.13, 0.08),
    (0.25, 0.12),
    (0.4, 0.15),
    (0.6, 0.2),
    (0.8, 0.2),
)
#: One more, which all but its very beginning leaves alone: by this weight a pot that closes takes
#: the gain behind the network 54 dB down at 0, and lets it be from a hundredth of the travel on.
CLOSING_UNIT, CLOSING_WEIGHT = (0.004, 0.0015), -2.5
UNITS = (*POT_UNITS, CLOSING_UNIT)
#: By so much a position of a switch in which a pot does not close holds that unit back: it is at
#: nothing then, wherever the pot stands.
HELD_BACK = 30.0
#: Knobs that close the amp at their lowest, each with where it does not: switches, by their place
#: among the knobs, with a position each.
Closed = Mapping[int, Collection[tuple[int, int]]]
NONE_CLOSED: Closed = MappingProxyType({})


def one_hot(turned: Tensor, knobs: Tensor, positions: tuple[int, ...]) -> Tensor:
    """Turn knobs into inputs: ``turned`` where a knob turns, -1 or 1 for each switch position.

    Args:
        turned: ``(..., knobs)``.
        knobs: The same before any taper, in [0, 1].
        positions: Per knob, 0 if it turns.
    """
    columns = []
    for index, count in enumerate(positions):
        if count == 0:
            columns.append(turned[..., index, None])
        else:
            position = torch.round(knobs[..., index] * (count - 1)).long()
            # As far from zero as the ends of a knob, so that a switch counts as much as a turn.
            columns.append(functional.one_hot(position, count).to(knobs.dtype) * 2.0 - 1.0)
    return torch.cat(columns, -1)


# Without a penalty on its curvature: a weak one was of no use, and with a strong one errors were a
# fifth larger (decision 18).
class KnobEncoder(nn.Module):
    """A small smooth network per member, from [0, 1]^k to conditioning numbers.

    Each turning knob first runs through a taper, a cubic that keeps both ends where they are: pots
    are seldom linear. Switches enter one-hot. What comes out is a constant, a linear part and a
    hidden layer's; it starts at its constant, so an untrained model ignores its knobs. Units that
    hear a single pot may stand beside the hidden ones; they speak to the two gains only.

    Args:
        positions: Per knob, 0 if continuous, else its number of positions.
        outputs: How many numbers come out; the first two are gains.
        members: Networks side by side.
        hidden: Width of the hidden layer.
        has_pots: Whether units that hear a pot each stand beside it.
    """

    def __init__(
        self,
        positions: tuple[int, ...],
        outputs: int,
        members: int,
        hidden: int = HIDDEN,
        *,
        has_pots: bool = False,
    ) -> None:
        super().__init__()
        self.positions, self.outputs, self.has_pots = positions, outputs, has_pots
        inputs = sum(max(count, 1) for count in positions)
        # Zeros: a pot counts as linear until captures say otherwise.
        self.taper = nn.Parameter(torch.zeros(members, 2, 1, len(positions)))
        # Over the root, so that a unit's argument does not grow with the number of knobs.
        # In place: on the meta device, where a file's size is judged, any other product loads
        # torch's compiler, for seconds.
        self.first = nn.Parameter(torch.randn(members, inputs, hidden).mul_(1.5 / inputs**0.5))
        self.first_bias = nn.Parameter(torch.randn(members, 1, hidden).mul_(0.3))
        # Zeros: an untrained model ignores its knobs.
        self.second = nn.Parameter(torch.zeros(members, hidden, outputs))
        self.direct = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.constant = nn.Parameter(torch.zeros(members, 1, outputs))
        if has_pots:
            units = len(UNITS) * positions.count(0)
            self.pots = nn.Parameter(torch.zeros(members, units, GAINS))
            # Of each pot the inputs, positions of switches, in which it does not close.
            open_at = torch.zeros(inputs, positions.count(0), dtype=torch.bool)
            self.open_at: Tensor
            self.register_buffer("open_at", open_at)

    @property
    def layers(self) -> tuple[Tensor, Tensor, Tensor]:
        """All units, those that hear one pot behind the others: what they read, and what of them.

        Returns:
            Weights ``(members, inputs, units)``, biases ``(members, 1, units)``, and what is read
            off the units, ``(members, units, outputs)``.
        """
        if not self.has_pots:
            return self.first, self.first_bias, self.second
        members = len(self.first)
        said = _pots(self.positions, self.open_at)
        weight, bias = (part.to(self.first).expand(members, -1, -1) for part in said)
        silent = self.pots.new_zeros(*self.pots.shape[:2], self.outputs - GAINS)
        return (
            torch.cat([self.first, weight], 2),
            torch.cat([self.first_bias, bias], 2),
            torch.cat([self.second, torch.cat([self.pots, silent], -1)], 1),
        )

    def features(self, knobs: Tensor) -> Tensor:
        """Map ``(..., knobs)`` in [0, 1] to ``(..., inputs)`` in [-1, 1], switches one-hot."""
        return one_hot(2.0 * knobs - 1.0, knobs, self.positions)

    def forward(self, knobs: Tensor) -> Tensor:
        """Map knobs ``(members, batch, knobs)`` to numbers ``(members, batch, outputs)``."""
        turned = 2.0 * knobs - 1.0
        # 0 at both ends: whatever the taper's coefficients, a knob's ends stay where they are.
        bend = 1.0 - turned**2
        turned = turned + bend * (self.taper[:, 0] + self.taper[:, 1] * turned)
        inputs = one_hot(turned, knobs, self.positions)
        first, first_bias, second = self.layers
        hidden = functional.silu(torch.bmm(inputs, first) + first_bias)
        return self.constant + torch.bmm(inputs, self.direct) + torch.bmm(hidden, second)


# Beside all other outputs, too, they were no better for tones, and worse for levels (decision 40).
def with_pots(encoder: KnobEncoder, closed: Closed = NONE_CLOSED) -> KnobEncoder:
    """Return an encoder with units that hear one pot each beside its own.

    It says the same, but for pots that close, at their lowest.

    A hidden layer of a few units that hear all knobs at once cannot follow what each of many pots
    does by itself, and what an amp's level does is mostly that.

    Args:
        encoder: One without them.
        closed: Knobs that close the amp at their lowest: there the model is silent from the start,
            but for the positions of switches that are said with them.
    """
    members, hidden = len(encoder.first), encoder.first.shape[2]
    more = KnobEncoder(encoder.positions, encoder.outputs, members, hidden, has_pots=True)
    # What is missing in the other one is zero in this: nothing listens to a pot by itself yet.
    more.load_state_dict({**more.state_dict(), **encoder.state_dict()})
    with torch.no_grad():
        for index, open_at in closed.items():
            # Units stand pot after pot, and switches have none.
            pot = encoder.positions[:index].count(0)
            more.pots[:, (pot + 1) * len(UNITS) - 1, GAINS - 1] = CLOSING_WEIGHT
            for switch, position in open_at:
                more.open_at[_columns(encoder.positions)[switch] + position, pot] = True
    return more.to(encoder.first.device)


def with_closing_units(pots: Tensor, positions: tuple[int, ...]) -> Tensor:
    """Return ``(members, units, gains)`` with closing units, which files had not at first.

    A closing unit that nothing is read off leaves the model what it was.
    """
    turning = positions.count(0)
    if pots.ndim != 3 or pots.shape[1] != turning * len(POT_UNITS):
        return pots
    by_pot = pots.reshape(len(pots), turning, len(POT_UNITS), -1)
    return functional.pad(by_pot, (0, 0, 0, len(UNITS) - len(POT_UNITS))).flatten(1, 2)


def no_open_positions(positions: tuple[int, ...]) -> Tensor:
    """Return where pots do not close, which files did not say at first: in no position."""
    return KnobEncoder(positions, GAINS, 1, has_pots=True).open_at


def _columns(positions: tuple[int, ...]) -> list[int]:
    """Return each knob's first input."""
    widths = [max(count, 1) for count in positions]
    return [sum(widths[:index]) for index in range(len(widths))]


def _pots(positions: tuple[int, ...], open_at: Tensor) -> tuple[Tensor, Tensor]:
    """Return what units read that hear one pot each: ``(inputs, units)``, biases ``(1, units)``.

    Args:
        positions: Per knob, 0 if it turns, else how many positions it switches.
        open_at: The inputs in which each pot does not close, ``(inputs, pots)``.
    """
    turning = [index for index, count in enumerate(positions) if count == 0]
    bends, widths = torch.tensor(UNITS, device=open_at.device).T
    weight = torch.zeros(len(open_at), len(turning), len(UNITS), device=open_at.device)
    bias = ((2.0 * bends - 1.0) / widths).repeat(len(turning), 1)
    columns = _columns(positions)
    for pot, index in enumerate(turning):
        # In inputs from -1 to 1, of which a travel from 0 to 1 is half as long.
        weight[columns[index], pot] = -1.0 / widths
    # Nothing where the input of a position is -1, and all of it where it is 1.
    held_back = 0.5 * HELD_BACK * open_at
    weight[..., -1] -= held_back
    bias[:, -1] -= held_back.sum(0)
    return weight.flatten(1), bias.flatten()[None]
