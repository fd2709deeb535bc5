"""``python -m rig``, and what the ``rig`` script calls: light, so that Ctrl-C is heard at once."""

import _thread
import os
import signal
import sys
import threading

#: The exit code of what was broken off with Ctrl-C, as shells have it.
BROKEN_OFF = 130
#: Ctrl-C that was dropped is pressed again after so long, by when whoever dropped it has returned.
AGAIN_S = 0.02


def _leave(_number: int, _frame: object) -> None:
    """End at once: an exception would be lost, or shown, wherever an import happens to be."""
    if sys.stderr is not None:
        sys.stderr.write("rig: broken off\n")
        sys.stderr.flush()
    os._exit(BROKEN_OFF)


def _press_again(lost: "sys.UnraisableHookArgs") -> None:
    """Have Ctrl-C heard once more where a callback of compiled code has dropped it."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        # A moment later: heard in here, it would be dropped once more.
        again = threading.Timer(AGAIN_S, _press)
        again.daemon = True
        again.start()
        return
    sys.__unraisablehook__(lost)


def _press() -> None:
    if hasattr(signal, "pthread_kill"):
        # A real signal: it wakes what sleeps, where a simulated one waits until that has ended.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def main() -> None:
    """Run the command line; Ctrl-C before it has begun is no mistake, and no traceback."""
    # Whoever had it ignored, as shells do for what runs in the background, still has.
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        signal.signal(signal.SIGINT, _leave)
    from rig.cli import main as run

    sys.unraisablehook = _press_again
    if listens:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    except KeyboardInterrupt:
        # From between two commands of ours, where nothing is left to be put in order.
        _leave(signal.SIGINT, None)


if __name__ == "__main__":
    main()
