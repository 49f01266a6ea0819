"""The trainer's process as the agent sees it: a host that is started ahead of time, given orders, listened to, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from ..errors import EXIT_INTERNAL
from ..trainer.host import END_OF_STDERR
from .log import log

# The trainer reads data from strangers: it gets no token, no credential, and no setting that it has no use for.
_PASSED = ('PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ', 'VIRTUAL_ENV', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE')
_PASSED_PREFIXES = ('LC_', 'OMP_', 'MKL_', 'CUDA_', 'NVIDIA_', 'NEUROWEAVER_CHECKPOINT_')
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
LINE_BYTES = 1 << 20
START_LIMIT_S = 60.0
KILL_LIMIT_S = 10.0


def trainer_environment(gpu: str | None = None) -> dict[str, str]:
    """The environment of the host and its trainers; `gpu` is the UUID of the only one that they may see: none for the processor."""
    kept = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)}
    kept.setdefault('OMP_NUM_THREADS', '1')
    kept['CUDA_VISIBLE_DEVICES'] = gpu or ''
    return {**kept, 'OMP_WAIT_POLICY': 'PASSIVE', 'PYTHONPATH': str(_PACKAGE_PARENT), 'PYTHONUNBUFFERED': '1',
            'PYTHONHASHSEED': '0', 'PYTHONIOENCODING': 'utf-8', 'TOKENIZERS_PARALLELISM': 'false'}


class Run:
    """One trainer under way. `ended` is set once both of its outputs are read to the end; `status` then holds its exit
    status, negative when a signal killed it."""

    def __init__(self, on_event: Callable[[dict[str, Any]], None], on_line: Callable[[str], None], on_end: Callable[[], None]) -> None:
        self.on_event = on_event
        self.on_line = on_line
        self.pid: int | None = None
        self.status = -int(signal.SIGKILL)
        self.started, self.ended = threading.Event(), threading.Event()
        self._on_end = on_end
        self._open = 2
        self._lock = threading.Lock()

    def close_one(self) -> None:
        with self._lock:
            self._open -= 1
            is_last = self._open == 0
        if is_last:
            self.started.set()
            self.ended.set()
            self._on_end()


class TrainerHost:
    """To be made by a thread that lives as long as the agent: the process dies with the thread that made it."""

    def __init__(self, gpu: str | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'neuroweaver_training', 'train', '--host'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=trainer_environment(gpu), start_new_session=True)
        assert self._process.stdout and self._process.stderr
        self._run: Run | None = None
        self._read(self._process.stdout, self._on_output)
        self._read(self._process.stderr, self._on_error)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def order(self, spec: Path, out: Path, run: Run) -> None:
        """Sends a job; `run` hears of it until its end."""
        assert self._process.stdin
        self._run = run
        try:
            self._process.stdin.write(json.dumps({'spec': str(spec), 'out': str(out)}).encode() + b'\n')
            self._process.stdin.flush()
        except OSError:
            # The host died while waiting.
            run.status = EXIT_INTERNAL
            run.close_one()
            run.close_one()

    def signal(self, number: int) -> None:
        """To the trainer under way and what it started; nothing when it has ended."""
        run = self._run
        if run is None or run.ended.is_set():
            return
        run.started.wait(START_LIMIT_S)
        try:
            if run.pid is not None and not run.ended.is_set():
                os.killpg(run.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def end_run(self) -> None:
        """Makes sure that no trainer is under way; a host that does not obey is killed, and its trainer with it."""
        run = self._run
        if run is None:
            return
        self.signal(signal.SIGKILL)
        if not run.ended.wait(KILL_LIMIT_S):
            self.kill()
        self._run = None

    def kill(self) -> None:
        """Ends the host; the kernel ends its trainer."""
        self._process.kill()
        self._process.wait(KILL_LIMIT_S)

    def _read(self, stream: IO[bytes], on_line: Callable[[str], None]) -> None:
        def pump() -> None:
            while line := stream.readline(LINE_BYTES):
                try:
                    on_line(line.decode('utf-8', 'replace').rstrip('\r\n'))
                except (OSError, ValueError, KeyError, TypeError) as error:
                    # A full disk or a malformed event must not leave the pipe unread, and the trainer blocked on it.
                    log('error', 'A line of the trainer is lost.', error=error)
            run = self._run
            if run is not None and not run.ended.is_set():
                run.status = self._process.wait() or EXIT_INTERNAL
                run.close_one()
        threading.Thread(target=pump, name='trainer-output', daemon=True).start()

    def _on_output(self, line: str) -> None:
        run = self._run
        if run is None or not line:
            return
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get('type'), str):
            run.on_line(line)
        elif event['type'] == 'started':
            run.pid = event['pid']
            run.started.set()
        elif event['type'] == 'exited':
            run.status = event['status']
            run.close_one()
        else:
            run.on_event(event)

    def _on_error(self, line: str) -> None:
        run = self._run
        if run is None:
            if line and line != END_OF_STDERR:
                log('warn', 'The trainer host says something.', data={'line': line[:2000]})
        elif line == END_OF_STDERR:
            run.close_one()
        elif line:
            run.on_line(line)
