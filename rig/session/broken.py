"""How a take is written down that brought nothing back."""

from rig.capture import Outcome
from rig.session.facts import ReasonFact, TakeEnded


def broken_off(take: int, capture: int, check: str, why: str, died: bool = False) -> TakeEnded:
    """The end of a take that brought nothing back, in one sentence."""
    reason = ReasonFact(check=check, figure=0.0, limit=0.0, sentence=why)
    reasons = (reason,)
    return TakeEnded(take=take, capture=capture, outcome=Outcome.FAILED, reasons=reasons, died=died)
