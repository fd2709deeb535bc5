"""Asking the system to let a thread run at once, where it may be asked."""

import contextlib
import os
import sys

#: Above everything that has no deadline, below what drivers and audio servers themselves take.
LINUX_PRIORITY = 4
#: Apple's `qos.h`: QOS_CLASS_USER_INTERACTIVE. Windows' `winbase.h`: THREAD_PRIORITY_TIME_CRITICAL.
APPLE_INTERACTIVE, WINDOWS_CRITICAL = 0x21, 15


def hurry() -> None:
    """Put this thread before others, as far as this user may; else it stays as it is."""
    # One core for itself at the most: on a single one, an overload would leave nothing for anybody.
    if (os.cpu_count() or 1) < 2:
        return
    if sys.platform == "linux":
        # Refused to most users outside of the group 'audio', and then the slack has to do.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(LINUX_PRIORITY))
    elif sys.platform == "darwin":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).pthread_set_qos_class_self_np(APPLE_INTERACTIVE, 0)
    elif sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetThreadPriority(kernel.GetCurrentThread(), WINDOWS_CRITICAL)
