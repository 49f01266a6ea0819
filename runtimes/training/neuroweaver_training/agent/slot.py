"""One place at which jobs run, claimed one after the other: a GPU or the processor."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable
from typing import Any

from .control import Control, Halted, LeaseLost
from .devices import gpu_uuids
from .finish import finish
from .http import Backoff, Unreachable
from .inputs import is_disk_full
from .job import Job
from .log import log
from .process import TrainerHost

CLAIM_WAIT_MS = 25_000
# Beside GPUs the processor asks more often: whether it takes what runs on either depends on whether one is free now.
PROCESSOR_WAIT_MS = 5_000
CLAIM_TIMEOUT_S = 40.0
LEAST_CLAIM_S = 0.5
# Long enough that another runtime takes the job that found no room here.
FULL_PAUSE_S = 10.0


class Slot(threading.Thread):
    """Runs one job at a time, on the processor or on a GPU of its own: no two jobs ever share one."""

    def __init__(self, control: Control, stopping: threading.Event, is_draining: threading.Event, gpu: str | None,
                 has_free_gpu: Callable[[], bool]) -> None:
        super().__init__(name=f'slot-{gpu or "cpu"}', daemon=True)
        self._control, self._stopping, self._is_draining, self._gpu = control, stopping, is_draining, gpu
        self._has_free_gpu = has_free_gpu
        self._host: TrainerHost | None = None
        self.has_crashed = False
        self.idle = threading.Event()
        self.idle.set()

    def run(self) -> None:
        try:
            self._start_host()
            self._claim_loop()
        except Halted:
            pass
        except BaseException as error:
            log('error', 'The agent ends: a slot broke.', error=error)
            self.has_crashed = True
        finally:
            self.idle.set()
            self._stopping.set()

    @property
    def is_free_gpu(self) -> bool:
        return self._gpu is not None and self.idle.is_set() and self._is_there()

    def _is_there(self) -> bool:
        return self._gpu is None or self._gpu in gpu_uuids()

    def kill(self) -> None:
        if self._host:
            self._host.kill()

    def _start_host(self) -> None:
        if not self._stopping.is_set() and (self._host is None or not self._host.is_alive):
            self._host = TrainerHost(self._gpu)

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
        if self._is_draining.is_set() or not self._is_there():
            return None
        try:
            answer = self._control.call('POST', '/training/claim', self._claim_request(), timeout_s=CLAIM_TIMEOUT_S)
        except Unreachable as error:
            pause = backoff.next_s()
            log('warn', 'The control plane does not answer a claim.', data={'retry_seconds': round(pause, 2)}, error=error)
            self._pause(pause)
            return None
        if answer.status == 200:
            self.idle.clear()
            backoff.reset()
            return answer.json()
        if answer.status != 204:
            log('error', f'A claim was refused: {answer.message()}', data={'status': answer.status})
            self._pause(backoff.next_s())
        return None

    def _claim_request(self) -> dict[str, Any]:
        """A GPU takes what needs one and what can use one; the processor leaves the latter to a GPU that is free."""
        if self._gpu:
            return {'boot_id': self._control.boot_id, 'devices': ['cuda'], 'auto': True, 'wait_ms': CLAIM_WAIT_MS}
        wait_ms = PROCESSOR_WAIT_MS if gpu_uuids() else CLAIM_WAIT_MS
        return {'boot_id': self._control.boot_id, 'devices': ['cpu'], 'auto': not self._has_free_gpu(), 'wait_ms': wait_ms}

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Halted()

    def _run_job(self, claim: dict[str, Any]) -> None:
        self._start_host()
        if self._host is None:
            raise Halted()
        try:
            if not self._is_there():
                self._hand_back(claim)
                return
            job = Job(self._control, claim, self._host, self._stopping)
            job.run()
        except OSError as error:
            log('error', 'The attempt could not begin.', data={'jobId': claim['job_id']}, error=error)
            self._pause(FULL_PAUSE_S if is_disk_full(error) else LEAST_CLAIM_S)
            job = None
        finally:
            self.idle.set()
        self._start_host()
        if job and job.was_full:
            self._pause(FULL_PAUSE_S)

    def _hand_back(self, claim: dict[str, Any]) -> None:
        """For a claim that was under way when the GPU went."""
        def say(level: str, message: str, **data: Any) -> None:
            log(level, message, data={'jobId': claim['job_id'], 'gpu': self._gpu, **data}, correlation_id=claim['correlation_id'])
        say('warn', 'The GPU that the job was claimed for has gone: it is handed back.')
        error = {'code': 'resource_unavailable', 'message': f'The GPU {self._gpu} of the machine {platform.node()} has gone.'}
        request = {'outcome': 'failed', 'attempt': claim['attempt'], 'error': error, 'is_retryable': True}
        try:
            finish(self._control, f'/training/jobs/{claim["job_id"]}', request, say)
        except LeaseLost:
            say('warn', 'The attempt was over before its end was told.')
