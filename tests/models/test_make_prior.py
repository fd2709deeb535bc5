"""What makes priors: amps take part in the roles that they have."""

import torch

from models.networks.spec import ModelSpec
from models.networks.wavenet import KnobWaveNet
from models.training.prior import DIRECT, TAPER
from tools.make_prior import ROLES, Population, PriorTraining, faceplate, start_encoders

FRAMES = 18_000


def made() -> tuple[KnobWaveNet, Population]:
    """A trunk, and three amps: two with a gain and a master, the last without the gain."""
    torch.manual_seed(0)
    model = ModelSpec("wavenet", "nano", (0,) * len(ROLES), 3, shared=True).build()
    assert isinstance(model, KnobWaveNet)
    has = torch.zeros(3, len(ROLES), dtype=torch.bool)
    has[:, ROLES.index("master")] = True
    has[:2, ROLES.index("gain")] = True
    points = torch.where(has[:, None], torch.rand(3, 4, len(ROLES)), torch.tensor(0.5))
    audio = 0.1 * torch.randn(FRAMES)
    # As loud as the master says, and one amp upside down.
    back = (
        audio * points[:, :, ROLES.index("master"), None] * torch.tensor([1, -1, 1])[:, None, None]
    )
    return model, Population(audio, points, back, has)


def test_every_amp_starts_at_its_levels_and_polarity() -> None:
    model, amps = made()
    start_encoders(model, amps)
    assert model.polarity.flatten().tolist() == [1.0, -1.0, 1.0]
    quiet, loud = (torch.full((3, 1, len(ROLES)), 0.5) for _ in range(2))
    quiet[..., ROLES.index("master")], loud[..., ROLES.index("master")] = 0.1, 0.9
    with torch.no_grad():
        audio = amps.audio.expand(3, 1, -1)
        assert bool((model(audio, loud).std(-1) > model(audio, quiet).std(-1)).all())


def test_a_role_that_an_amp_lacks_takes_no_part() -> None:
    model, amps = made()
    start_encoders(model, amps)
    before = {name: model.get_parameter(name).detach().clone() for name in (DIRECT, TAPER)}
    training = PriorTraining(model, amps, batch=3, window=512)
    for _ in range(3):
        training.advance(0.01)
    for has, kept in zip(amps.has.T, range(len(ROLES)), strict=True):
        turned = model.get_parameter(DIRECT)[:, kept] - before[DIRECT][:, kept]
        bent = model.get_parameter(TAPER)[..., kept] - before[TAPER][..., kept]
        # The taper moves only once the hidden layer says something: of that it is the slope.
        assert not bool(turned[~has].any())
        assert not bool(bent[~has].any())
        assert bool((turned[has] != 0).any(-1).all())


def test_faceplates_of_the_old_population_differ() -> None:
    plates = [faceplate("old", number) for number in range(4)]
    assert [len(plate) for plate in plates] == [3, 7, 7, 7]
    assert plates[0]["tone"] == "treble"
    assert {"volume" in plate for plate in plates} == {True, False}
