"""`agent`: enrols, beats, claims one job after the other, on each GPU."""

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
from .devices import gpu_uuids, list_devices
from .http import Backoff, Unreachable
from .inputs import is_disk_full
from .job import Job
from .log import close_log, log
from .process import TrainerHost
from .settings import Settings, read_settings

CLAIM_WAIT_MS = 25_000
CLAIM_TIMEOUT_S = 40.0
STOP_LIMIT_S = 20.0
LEAST_CLAIM_S = 0.5
# Long enough that another runtime takes the job that found no room here.
FULL_PAUSE_S = 10.0
# EX_CONFIG: another start would end the same way, and whoever supervises the agent knows that by this status.
UNWELCOME_STATUS = 78


class Slot(threading.Thread):
    """Runs one job at a time, on a GPU of its own where the machine has any: no two jobs ever share one."""

    def __init__(self, control: Control, stopping: threading.Event, is_draining: threading.Event, gpu: str | None) -> None:
        super().__init__(name=f'slot-{gpu or "cpu"}', daemon=True)
        self._control, self._stopping, self._is_draining, self._gpu = control, stopping, is_draining, gpu
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
        if self._is_draining.is_set():
            return None
        devices = ['cpu', 'cuda'] if self._gpu else ['cpu']
        request = {'boot_id': self._control.boot_id, 'devices': devices, 'wait_ms': CLAIM_WAIT_MS}
        try:
            answer = self._control.call('POST', '/training/claim', request, timeout_s=CLAIM_TIMEOUT_S)
        except Unreachable as error:
            pause = backoff.next_s()
            log('warn', 'The control plane does not answer a claim.', data={'reason': str(error), 'retry_seconds': round(pause, 2)})
            self._pause(pause)
            return None
        if answer.status == 200:
            self.idle.clear()
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
        try:
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


class Agent:
    """One machine's agent: a slot for each GPU, or a single one."""

    def __init__(self, settings: Settings) -> None:
        self._control = Control(settings, threading.Event())
        self._stopping = threading.Event()
        self._is_draining = threading.Event()
        gpus: list[str | None] = [*gpu_uuids()] or [None]
        self._slots = [Slot(self._control, self._stopping, self._is_draining, gpu) for gpu in gpus]
        self._state_dir = settings.state_dir

    def run(self) -> int:
        self._state_dir.mkdir(parents=True, exist_ok=True)
        # An attempt does not outlive its agent: the control plane gives its job out again.
        shutil.rmtree(self._state_dir / 'jobs', ignore_errors=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        log('info', 'The training agent starts.', data={'version': __version__, 'pid': os.getpid(), 'gpus': gpu_uuids(),
                                                        'controlUrl': self._control.settings.control_url})
        for slot in self._slots:
            slot.start()
        threading.Thread(target=self._beat, name='heartbeat', daemon=True).start()
        self._stopping.wait()
        # A slot that waits for a claim has nothing to lose; its connection ends with the process.
        for slot in self._slots:
            slot.idle.wait()
        for slot in self._slots:
            slot.kill()
        log('info', 'The training agent ends.')
        close_log(1.0)
        if self._control.is_unwelcome:
            return UNWELCOME_STATUS
        return 1 if any(slot.has_crashed for slot in self._slots) else 0

    def _on_signal(self, *_: Any) -> None:
        # The main thread may hold an event's lock right now, so another thread sets it.
        threading.Thread(target=self._stop, name='stop', daemon=True).start()

    def _stop(self) -> None:
        self._stopping.set()
        time.sleep(STOP_LIMIT_S)
        self._control.halt.set()

    def _beat(self) -> None:
        while not self._control.halt.is_set():
            try:
                self._beat_once()
            except Unreachable as error:
                log('warn', 'The control plane does not answer the heartbeat.', data={'reason': str(error)})
            except Halted:
                return
            except OSError as error:
                log('error', 'The heartbeat could not be noted on disk.', error=error)
            self._control.halt.wait(self._control.heartbeat_s)

    def _beat_once(self) -> None:
        running = sum(not slot.idle.is_set() for slot in self._slots)
        request = {'boot_id': self._control.boot_id, 'devices': list_devices(), 'running': running,
                   'capacity': len(self._slots), 'metrics': [], 'replicas': []}
        answer = self._control.call('POST', '/heartbeat', request)
        if not answer.is_ok:
            log('error', 'The heartbeat was refused.', data={'status': answer.status, 'reason': answer.message()})
            return
        write_json(self._state_dir / 'heartbeat.json', {'accepted_at': now()})
        is_draining = bool(answer.json().get('is_draining'))
        if is_draining != self._is_draining.is_set():
            (self._is_draining.set if is_draining else self._is_draining.clear)()
            log('info', 'Draining: no new jobs are taken.' if is_draining else 'Jobs are taken again.')


def main() -> int:
    """Exit status 0 after a clean stop, 2 for wrong settings, 78 when the control plane will never take this runtime."""
    try:
        settings = read_settings()
    except ValueError as error:
        log('error', 'The settings are wrong.', error=error)
        return 2
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return Agent(settings).run()
