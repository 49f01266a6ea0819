"""A process with the slow imports done that forks a trainer for each order: a job starts in milliseconds, and always in
a process of its own."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import stop
from .emit import Emitter

# Nothing that a trainer prints holds a NUL, so its lines are never taken for this one.
END_OF_STDERR = '\0end'


def serve(emit: Emitter, run: Callable[[Path, Path, Emitter], int]) -> None:
    """Reads orders {"spec", "out"} from stdin, a line each, until it is closed. For each: `started` with the trainer's pid,
    its events, and `exited` with its status, negative for a signal. One at a time."""
    stop.die_with_parent()
    _import_what_most_jobs_need()
    # What is here now is shared with every trainer, and the collector must not copy its pages by touching them.
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_trainer(order, emit, run)
        _, status = os.waitpid(pid, 0)
        # A trainer killed in the middle of a line leaves it open.
        sys.stderr.write(f'\n{END_OF_STDERR}\n')
        sys.stderr.flush()
        emit.end_line()
        emit.send('exited', status=os.waitstatus_to_exitcode(status))


def _be_trainer(order: dict[str, Any], emit: Emitter, run: Callable[[Path, Path, Emitter], int]) -> None:
    status = 70
    try:
        os.setsid()
        stop.die_with_parent()
        stop.listen()
        _be_first_to_go()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        emit.send('started', pid=os.getpid())
        status = run(Path(order['spec']), Path(order['out']), emit)
        sys.stderr.flush()
    finally:
        # The host's own stack lies below; a trainer never goes back into it.
        os._exit(status)


def _be_first_to_go() -> None:
    """When memory runs out the kernel is to end the trainer, not the agent beside it (Linux only)."""
    try:
        Path('/proc/self/oom_score_adj').write_text('500')
    except OSError:
        pass


def _import_what_most_jobs_need() -> None:
    from ..recipes import lightgbm_learner, tabular
    del lightgbm_learner, tabular
