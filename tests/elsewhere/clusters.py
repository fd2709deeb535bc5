"""A real Ray cluster on this machine, as small as can be: a head that learns nothing, workers."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

#: Enough for the takes of a test; the least that Ray takes is 75 MB.
STORE_BYTES = 100_000_000
STARTS_S = 60.0
#: Runs a node, and ends its process group when whoever started it is gone, killed or not.
GUARD = """
import os, signal, subprocess, sys, threading
node = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def watch():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.exit(node.wait())
"""


def free_port() -> int:
    """A port of the loopback that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Cluster:
    """One head and its workers, each a process group that can be killed by itself."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.port, self.client_port = free_port(), free_port()
        self.nodes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """For a process on a machine of the cluster, as this one is."""
        return f"127.0.0.1:{self.port}"

    @property
    def client_address(self) -> str:
        """For a machine that is not part of it."""
        return f"ray://127.0.0.1:{self.client_port}"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a node, and return when it is up."""
        log = self.folder / f"node-{len(self.nodes)}.log"
        guard = [sys.executable, "-c", GUARD]
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        small = [f"--object-store-memory={STORE_BYTES}", "--disable-usage-stats"]
        with log.open("wb") as out:
            node = subprocess.Popen(
                [*guard, *ray, *small, *words],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self.nodes.append(node)
        last = time.monotonic() + STARTS_S
        while b"--block" not in log.read_bytes():
            assert node.poll() is None, log.read_text()
            assert time.monotonic() < last, log.read_text()
            time.sleep(0.1)
        return node

    def start_head(self, cpus: int = 0) -> subprocess.Popen[bytes]:
        """Start what all others connect to."""
        return self.start(
            "--head",
            f"--port={self.port}",
            f"--ray-client-server-port={self.client_port}",
            f"--num-cpus={cpus}",
            "--include-dashboard=false",
            f"--temp-dir={self.folder / 'ray'}",
        )

    def start_worker(self, cpus: int = 1) -> subprocess.Popen[bytes]:
        """Start a machine that learns."""
        return self.start(f"--address={self.address}", f"--num-cpus={cpus}")

    def workers(self) -> list[subprocess.Popen[bytes]]:
        """The machines that learn and are alive."""
        return [node for node in self.nodes[1:] if node.poll() is None]

    def at_work(self) -> tuple[subprocess.Popen[bytes], int]:
        """The machine that a workshop is on just now, and its process there."""
        for node in self.workers():
            for place in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    line = (place / "cmdline").read_bytes()
                    if line.startswith(b"ray::Workshop") and self._is_of(place, node.pid):
                        return node, int(place.name)
        raise AssertionError("nobody works")

    def _is_of(self, process: Path, ancestor: int) -> bool:
        while process.name not in ("0", "1"):
            if int(process.name) == ancestor:
                return True
            status = (process / "status").read_text()
            (parent,) = (line for line in status.splitlines() if line.startswith("PPid:"))
            process = Path("/proc") / parent.split()[1]
        return False

    def keep_one_worker(self) -> None:
        """Have exactly one machine that learns."""
        for node in self.workers()[1:]:
            self.kill(node)
        if not self.workers():
            self.start_worker()

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Pull the plug of one node: its whole process group, and nothing else."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def stop(self) -> None:
        """End every node that is left."""
        for node in reversed(self.nodes):
            self.kill(node)


@contextlib.contextmanager
def running(workers: int = 2, cpus: int = 1) -> Iterator[Cluster]:
    """A cluster for a while; Ray's sockets need a path that is short."""
    folder = Path(tempfile.mkdtemp(prefix="r"))
    # Ray listens on every interface of a Linux machine: a token keeps others out meanwhile.
    token = secrets.token_hex(32)
    own = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
        "RAY_USAGE_STATS_ENABLED": "0",
        # By itself Ray has its workers give way to everything else that runs here.
        "RAY_worker_niceness": "0",
        "RIG_ELSEWHERE": str(folder / "cache"),
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    cluster = Cluster(folder, dict(os.environ))
    try:
        cluster.start_head()
        for _ in range(workers):
            cluster.start_worker(cpus)
        yield cluster
    finally:
        cluster.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)
