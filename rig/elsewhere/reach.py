"""Whether anybody listens at a cluster's address, asked without loading Ray."""

import socket

from rig.elsewhere.trouble import Trouble

#: How long a connection may take.
LISTENS_S = 10.0


def reach(address: str) -> None:
    """Connect to an address once, and let go.

    Args:
        address: ``host:port`` or ``ray://host:port``.

    Raises:
        Trouble: Nobody listens there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), LISTENS_S).close()
    except OSError as error:
        raise Trouble(f"{address}: nobody listens there ({error.strerror or error})") from error
