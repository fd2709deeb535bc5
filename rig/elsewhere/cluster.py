"""Ray, as far as rig uses it: a connection, a line to stand in, a workshop with a place of its own.

Ray is loaded when a connection is asked for; only processes that may hang or die ever do.
"""

import contextlib
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from rig import waits
from rig.elsewhere.line import NAME, NAMESPACE, Line
from rig.elsewhere.reach import reach
from rig.elsewhere.trouble import Trouble
from rig.elsewhere.workshop import Workshop
from rig.learner.client import ENVIRONMENT

log = logging.getLogger("rig")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: How often a cluster is asked how far it is, and whether there is a place.
LOOK_S = 0.5
#: How long a workshop waits for somebody to ask.
ALONE_S = waits.WORKSHOP_IS_ASKED.s
#: Small questions to what lives on a cluster.
ANSWER_S = waits.CLUSTER_ANSWERS.s


@dataclass(frozen=True)
class Asked:
    """What a job asks the cluster for.

    Attributes:
        num_cpus: Processors.
        num_gpus: Graphics processors, or a share of one.
        rig: Whose job it is.
        until: Unix time by which that rig has to be ready, if there is one.
    """

    num_cpus: int
    num_gpus: float
    rig: str
    until: float | None = None

    def fits(self, resources: dict[str, float]) -> bool:
        """Return whether some resources are enough."""
        has = resources.get
        return has("CPU", 0.0) >= self.num_cpus and has("GPU", 0.0) >= self.num_gpus

    @property
    def words(self) -> str:
        """What is asked for, as a person would say it."""
        gpus = f" and {self.num_gpus:g} GPU" if self.num_gpus else ""
        return f"{self.num_cpus} CPU{gpus}"


def connect(address: str) -> Any:
    """Connect this process to a cluster, and return Ray.

    Raises:
        Trouble: It does not answer, or speaks another version.
    """
    # Ray tries for half a minute where nobody listens, and every round would wait for it.
    reach(address)
    import ray

    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            configure_logging=False,
            logging_level=logging.ERROR,
        )
    # Ray raises what it likes here: by version, by kind of address, by what is wrong.
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise Trouble(
            f"{address}: no connection with the cluster, whose token and versions have to be those "
            f"of here: {said[:300]}"
        ) from error
    return ray


def _reason(error: Exception) -> str:
    """Return what went wrong in a line, without colours.

    What our own code raised there is the cause of what Ray raises here, whose words are a
    traceback of another machine.
    """
    cause = getattr(error, "cause", None) or error
    said = " ".join(_COLOUR.sub("", str(cause)).split())
    # A traceback has its reason at the end, a sentence at the beginning.
    kept = said[:200] if "Traceback" not in said else said[-200:]
    return f"{type(cause).__name__}: {kept}"


@dataclass(frozen=True)
class Seat:
    """A workshop that has its place on a cluster."""

    ray: Any
    actor: Any
    host: str
    node: str

    def call(self, name: str, *arguments: object, timeout_s: float = ANSWER_S) -> Any:
        """Ask the workshop something small, and wait for the answer.

        Raises:
            Trouble: It is gone, or says nothing.
        """
        try:
            return self.ray.get(self.begin(name, *arguments), timeout=timeout_s)
        # Its own exceptions and Ray's: whatever became of a workshop, this one is of no more use.
        except Exception as error:
            raise self.lost(error) from error

    def begin(self, name: str, *arguments: object) -> Any:
        """Have the workshop begin with something long."""
        return getattr(self.actor, name).remote(*arguments)

    def is_done(self, pending: Any, wait_s: float = LOOK_S) -> bool:
        """Return whether something long has ended, after a short wait.

        Raises:
            Trouble: The cluster is gone.
        """
        try:
            return bool(self.ray.wait([pending], timeout=wait_s)[0])
        # A connection that broke is told by whatever exception stands nearest.
        except Exception as error:
            raise self.lost(error) from error

    def answer(self, pending: Any) -> dict[str, Any]:
        """Return what something long came to, once it is done.

        Raises:
            Trouble: The workshop is gone.
        """
        try:
            found: dict[str, Any] = json.loads(self.ray.get(pending, timeout=ANSWER_S))
        except Exception as error:
            raise self.lost(error) from error
        return found

    def lost(self, error: Exception) -> Trouble:
        """Return the trouble that an exception of Ray's stands for."""
        return self.trouble(f"the work there broke off ({_reason(error)})")

    def trouble(self, sentence: str) -> Trouble:
        """Return this machine's trouble, for which another one may be tried."""
        return Trouble(f"{self.host}: {sentence}", again=True, node=self.node)

    def leave(self) -> None:
        """Give the place back at once; Ray would too, as soon as this process has ended."""
        self.ray.kill(self.actor)


class _InLine:
    """A stand in the cluster's line; where there can be none, everybody goes ahead."""

    def __init__(self, ray: Any, asked: Asked) -> None:
        self._ray, self._asked, self._ticket = ray, asked, uuid.uuid4().hex
        options = {"name": NAME, "namespace": NAMESPACE, "lifetime": "detached", "num_cpus": 0}
        self._line: Any = (
            ray.remote(Line).options(**options, get_if_exists=True, max_restarts=-1).remote()
        )

    def is_first(self) -> bool:
        """Stand in line; whether it is our turn."""
        asked = self._asked
        try:
            ask = self._line.ask.remote(self._ticket, asked.rig, asked.until)
            return bool(self._ray.get(ask, timeout=ANSWER_S))
        except self._ray.exceptions.RayError as error:
            # Fairness is worth no night: without a line, Ray serves whom it likes.
            log.warning("the cluster's line cannot be asked: %s", error)
            return True

    def leave(self, served: bool) -> None:
        """Leave the line; that nobody hears it is no matter: it forgets who does not ask."""
        # A cluster that is gone is somebody else's to tell of: this is said on the way out.
        with contextlib.suppress(Exception):
            self._line.leave.remote(self._ticket, served)


def _nodes(ray: Any, asked: Asked, avoided: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the machines that are large enough, and those of them that failed nothing yet."""
    large = [
        str(node["NodeID"])
        for node in ray.nodes()
        if node["Alive"] and asked.fits(node["Resources"])
    ]
    return large, [node for node in large if node not in avoided]


def _options(ray: Any, asked: Asked, avoided: Sequence[str]) -> dict[str, Any]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    large, others = _nodes(ray, asked, avoided)
    if not large:
        raise Trouble(f"no machine of the cluster has {asked.words}: see 'ray status' there")
    options: dict[str, Any] = {
        "num_cpus": asked.num_cpus,
        "num_gpus": asked.num_gpus,
        # It works, is asked how far it is, and hands out checkpoints meanwhile.
        "max_concurrency": 4,
        "runtime_env": {"env_vars": ENVIRONMENT},
    }
    if avoided and others:
        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(others[0], soft=True)
    return options


def seat(ray: Any, asked: Asked, avoided: Sequence[str], waiting: Callable[[], None]) -> Seat:
    """Wait in line for a place, and open a workshop there.

    Args:
        ray: Connected.
        asked: What the place must have.
        avoided: Machines of the cluster that failed this job already.
        waiting: Called again and again meanwhile.

    Raises:
        Trouble: There is none in time, or none at all, or what is there is another rig.
    """
    line, options = _InLine(ray, asked), _options(ray, asked, avoided)
    last = time.monotonic() + waits.CLUSTER_HAS_ROOM.s
    served = False
    try:
        # In front it still waits for room: nobody further behind may take it then.
        while not (line.is_first() and asked.fits(ray.available_resources())):
            _wait(waiting, last, asked)
            time.sleep(LOOK_S)
        actor = ray.remote(Workshop).options(**options).remote(ALONE_S)
        told = actor.about.remote()
        while not ray.wait([told], timeout=LOOK_S)[0]:
            line.is_first()
            _wait(waiting, last, asked)
        found = _introduced(ray, actor, told)
        served = True
        return found
    finally:
        line.leave(served)


def more_seats(ray: Any, asked: Asked, count: int) -> list[Seat]:
    """Open more workshops where there is room for them now, and nobody waits for it."""
    found: list[Seat] = []
    line = _InLine(ray, asked)
    for _ in range(count):
        # What was taken a moment ago is still reported as free.
        time.sleep(2 * LOOK_S)
        if not (line.is_first() and asked.fits(ray.available_resources())):
            break
        actor = ray.remote(Workshop).options(**_options(ray, asked, ())).remote(ALONE_S)
        told = actor.about.remote()
        if not ray.wait([told], timeout=ANSWER_S)[0]:
            ray.kill(actor)
            break
        try:
            found.append(_introduced(ray, actor, told))
        except Trouble:
            # One is enough, and is there.
            break
    line.leave(served=False)
    return found


def _wait(waiting: Callable[[], None], last: float, asked: Asked) -> None:
    if time.monotonic() > last:
        raise Trouble(
            f"there was no room for {asked.words} in {waits.CLUSTER_HAS_ROOM.s:g} s: others are "
            "at work there"
        )
    waiting()


def _introduced(ray: Any, actor: Any, told: Any) -> Seat:
    """Return a workshop's seat, once it has said who it is.

    Raises:
        Trouble: Another rig than this one is installed there, or none.
    """
    try:
        about = json.loads(ray.get(told, timeout=ANSWER_S))
    except Exception as error:
        said = " ".join(str(error).split())[-300:]
        why = "rig is not installed there" if "No module named" in said else "it broke off"
        # Its machine may have died in this very moment, and another is there.
        raise Trouble(f"no workshop opens on the cluster: {why} ({said})", again=True) from error
    ours = version("rig-capture")
    if about["rig"] != ours:
        # Another rig trains otherwise, and may write facts that this one does not know.
        raise Trouble(
            f"{about['host']}: has rig {about['rig']}, and this is {ours}: install the same there",
            again=True,
            node=about["node"],
        )
    return Seat(ray, actor, str(about["host"]), str(about["node"]))
