"""The final model of a session, loaded without running any code that a stranger may have left."""

from models.networks.spec import BadModel, load_model
from models.training.dataset import Model
from rig.errors import SessionError
from rig.session.folder import Session


def final_model(session: Session) -> Model:
    """Load it on the CPU.

    Raises:
        SessionError: There is none, or none that fits the session.
    """
    trained = session.state.learning.model
    if trained is None:
        raise SessionError(
            f"{session.folder}: has no final model yet; 'rig train {session.folder}' makes it"
        )
    try:
        model, spec = load_model(session.stored(trained.model))
    except BadModel as error:
        raise SessionError(str(error)) from None
    if spec.positions != session.config.panel.switch_positions:
        raise SessionError(f"{session.folder}: its model was made for other knobs")
    return model
