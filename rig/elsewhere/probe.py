"""A connection that is tried by another process first: Ray itself may wait for ever."""

import subprocess
import sys
from collections.abc import Sequence

from rig import waits
from rig.child import own_module
from rig.elsewhere.trouble import Trouble


def answers(address: str, command: Sequence[str] = ()) -> None:
    """Find out whether a cluster answers, in bounded time.

    Args:
        address: As Ray takes it.
        command: What tries it; this module, where left out.

    Raises:
        Trouble: It does not, or whoever tried says why.
    """
    tried = list(command) or own_module("rig.elsewhere.probe", address)
    try:
        done = subprocess.run(
            tried,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=waits.CLUSTER_ANSWERS.s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Trouble(
            f"{address}: the cluster does not answer within {waits.CLUSTER_ANSWERS.s:g} s"
        ) from None
    if done.returncode:
        last = done.stdout.strip().splitlines()[-1:] or [f"{address}: no connection"]
        raise Trouble(last[0])


def main() -> int:
    """Connect to the address on the command line; say what is wrong, and let go."""
    from rig.elsewhere.cluster import connect

    try:
        connect(sys.argv[1]).shutdown()
    except Trouble as trouble:
        sys.stdout.write(f"{trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
