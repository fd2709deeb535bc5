"""The final model of a session, loaded without running any code that a stranger may have left."""

from models.networks.spec import BadModel, load_model
from models.training.dataset import Model
from rig.capture import LEAST_CAPTURES, Role
from rig.errors import SessionError, UsageError
from rig.printable import command, pasteable
from rig.session.facts import ModelTrained, StoredFile
from rig.session.folder import Session
from rig.session.layout import is_running, is_supervised


def final_model(session: Session) -> Model:
    """Load it on the CPU.

    Raises:
        SessionError: There is none, or none that fits the session.
    """
    return _load(session, _trained(session).model)


def final_widths(session: Session) -> tuple[Model, Model]:
    """Load the narrow and the full width of an A2 model on the CPU.

    Raises:
        SessionError: There is no model, or none that fits the session.
        UsageError: It is no A2.
    """
    trained = _trained(session)
    if trained.narrow is None:
        typed = command("rig", "train", session.folder, "--size", "a2")
        raise UsageError(
            f"--as a2: the final model of {session.folder} is no A2; "
            f"'{typed}' trains both widths in its place"
        )
    return _load(session, trained.narrow), _load(session, trained.model)


def _trained(session: Session) -> ModelTrained:
    trained = session.state.learning.model
    if trained is None:
        who = pasteable(_maker(session), session.folder)
        raise SessionError(f"{session.folder}: has no final model yet; {who} makes it")
    return trained


def _maker(session: Session) -> str:
    """Return who makes the model that is missing."""
    # A capture makes it by itself, and keeps everybody else from it meanwhile.
    if is_running(session.folder) or is_supervised(session.folder):
        return "the capture that runs"
    kept = session.state.kept(Role.SEED, Role.ACTIVE)
    return "'rig train'" if len(kept) >= LEAST_CAPTURES else "'rig capture' goes on, and"


def _load(session: Session, file: StoredFile) -> Model:
    try:
        model, spec = load_model(session.stored(file))
    except BadModel as error:
        raise SessionError(str(error)) from None
    if spec.positions != session.config.panel.switch_positions:
        raise SessionError(f"{session.folder}: its model was made for other knobs")
    return model
