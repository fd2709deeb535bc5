"""Whether the cluster is there that shall do the learning."""

from collections.abc import Iterator

from rig.config import Config
from rig.elsewhere.reach import reach
from rig.elsewhere.trouble import Trouble
from rig.preflight.finding import Finding, Grade

NAME = "cluster"


def cluster(config: Config) -> Iterator[Finding]:
    """The row about the cluster, where one is named.

    Args:
        config: The configuration.
    """
    address = config.learner.address
    if address is None:
        return
    try:
        reach(address)
    except Trouble as trouble:
        # The night goes on without it, and takes as long as this machine needs.
        advice = "start it, or open the tunnel (docs/cluster.md); until then learning runs here"
        yield Finding(NAME, str(trouble), "answers", Grade.NOTE, advice)
        return
    yield Finding(NAME, f"{address} answers; times told are of this machine", "answers")
