"""The wish to stop: SIGTERM sets it, the training loops ask for it between steps."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

from ..errors import Stopped

_PR_SET_PDEATHSIG = 1
_requested = threading.Event()


def listen() -> None:
    """Takes SIGTERM and SIGINT as a wish to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _requested.set())


def is_requested() -> bool:
    return _requested.is_set()


def check() -> None:
    """Raises Stopped when a stop was asked for; for places that have nothing to save."""
    if _requested.is_set():
        raise Stopped()


def die_with_parent() -> None:
    """Asks the kernel for SIGKILL at the parent's death, so that a killed agent leaves no trainer behind (Linux only)."""
    if not sys.platform.startswith('linux'):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
