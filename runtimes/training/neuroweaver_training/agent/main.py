"""`agent`: enrols, beats, claims one job after the other."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from typing import Any

from .. import __version__
from ..files import write_json
from ..trainer.emit import now
from .control import Control, Halted
from .devices import kinds, list_devices
from .http import Backoff, Unreachable
from .job import Job
from .log import close_log, log
from .process import TrainerHost
from .settings import Settings, read_settings

CLAIM_WAIT_MS = 25_000
CLAIM_TIMEOUT_S = 40.0
STOP_LIMIT_S = 20.0
LEAST_CLAIM_S = 0.5


class Agent:
    """One machine's agent. Everything that starts processes runs on the main thread."""

    def __init__(self, settings: Settings) -> None:
        self._control = Control(settings, threading.Event())
        self._stopping = threading.Event()
        self._is_draining = False
        self._running = 0
        self._is_waiting = False
        self._host: TrainerHost | None = None
        self._state_dir = settings.state_dir

    def run(self) -> int:
        self._state_dir.mkdir(parents=True, exist_ok=True)
        # An attempt does not outlive its agent: the control plane gives its job out again.
        shutil.rmtree(self._state_dir / 'jobs', ignore_errors=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        log('info', 'The training agent starts.', data={'version': __version__, 'pid': os.getpid(), 'devices': kinds(),
                                                        'controlUrl': self._control.settings.control_url})
        self._start_host()
        threading.Thread(target=self._beat, name='heartbeat', daemon=True).start()
        try:
            self._claim_loop()
        except Halted:
            pass
        finally:
            if self._host:
                self._host.kill()
        log('info', 'The training agent ends.')
        close_log(1.0)
        return 0

    def _on_signal(self, *_: Any) -> None:
        # The main thread may hold an event's lock right now, so another thread sets it.
        threading.Thread(target=self._stop, name='stop', daemon=True).start()
        if self._is_waiting:
            # A blocked read goes on after a signal unless its handler raises.
            self._is_waiting = False
            raise Halted()

    def _stop(self) -> None:
        self._stopping.set()
        time.sleep(STOP_LIMIT_S)
        self._control.halt.set()

    def _start_host(self) -> None:
        if not self._stopping.is_set() and (self._host is None or not self._host.is_alive):
            self._host = TrainerHost()

    def _claim_loop(self) -> None:
        backoff = Backoff(0.2, 10.0)
        while not self._stopping.is_set():
            started = time.monotonic()
            claim = self._next_claim(backoff)
            if claim:
                self._run_job(claim)
            elif time.monotonic() - started < LEAST_CLAIM_S:
                self._pause(LEAST_CLAIM_S)

    def _next_claim(self, backoff: Backoff) -> dict[str, Any] | None:
        """A claim, or None after a wait. An unreachable control plane is waited for."""
        if self._is_draining:
            return None
        request = {'boot_id': self._control.boot_id, 'devices': kinds(), 'wait_ms': CLAIM_WAIT_MS}
        self._is_waiting = True
        try:
            answer = self._control.call('POST', '/training/claim', request, timeout_s=CLAIM_TIMEOUT_S)
        except Unreachable as error:
            pause = backoff.next_s()
            log('warn', 'The control plane does not answer a claim.', data={'reason': str(error), 'retry_seconds': round(pause, 2)})
            self._pause(pause)
            return None
        finally:
            self._is_waiting = False
        if answer.status == 200:
            backoff.reset()
            return answer.json()
        if answer.status != 204:
            log('error', 'A claim was refused.', data={'status': answer.status, 'reason': answer.message()})
            self._pause(backoff.next_s())
        return None

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Halted()

    def _run_job(self, claim: dict[str, Any]) -> None:
        self._start_host()
        if self._host is None:
            raise Halted()
        self._running = 1
        try:
            Job(self._control, claim, self._host, self._stopping).run()
        except OSError as error:
            log('error', 'The attempt could not begin.', data={'jobId': claim['job_id']}, error=error)
            self._pause(LEAST_CLAIM_S)
        finally:
            self._running = 0
        self._start_host()

    def _beat(self) -> None:
        while not self._control.halt.is_set():
            try:
                self._beat_once()
            except Unreachable as error:
                log('warn', 'The control plane does not answer the heartbeat.', data={'reason': str(error)})
            except Halted:
                return
            self._control.halt.wait(self._control.heartbeat_s)

    def _beat_once(self) -> None:
        request = {'boot_id': self._control.boot_id, 'devices': list_devices(), 'running': self._running, 'metrics': [], 'replicas': []}
        answer = self._control.call('POST', '/heartbeat', request)
        if not answer.is_ok:
            log('error', 'The heartbeat was refused.', data={'status': answer.status, 'reason': answer.message()})
            return
        write_json(self._state_dir / 'heartbeat.json', {'accepted_at': now()})
        is_draining = bool(answer.json().get('is_draining'))
        if is_draining != self._is_draining:
            self._is_draining = is_draining
            log('info', 'Draining: no new jobs are taken.' if is_draining else 'Jobs are taken again.')


def main() -> int:
    """Exit status 0 after a clean stop, 2 for wrong settings."""
    try:
        settings = read_settings()
    except ValueError as error:
        log('error', 'The settings are wrong.', error=error)
        return 2
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return Agent(settings).run()
