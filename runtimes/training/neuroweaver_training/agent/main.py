"""`agent`: enrols, beats, follows which GPUs there are."""

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
from .devices import capacity, gpu_uuids, list_devices
from .http import Unreachable
from .log import close_log, log
from .settings import Settings, read_settings
from .slot import Slot

STOP_LIMIT_S = 20.0
SIGNAL_POLL_S = 0.5
# EX_CONFIG: another start would end the same way, and whoever supervises the agent knows that by this status.
HOPELESS_STATUS = 78


class Agent:
    """One machine's agent: a slot for the processor, and one for each GPU that there is or was."""

    def __init__(self, settings: Settings) -> None:
        self._control = Control(settings, threading.Event())
        self._stopping = threading.Event()
        self._is_draining = threading.Event()
        # Replaced when one is added, and never changed: slots look through it.
        self._slots: dict[str | None, Slot] = {}
        self._state_dir = settings.state_dir

    def run(self) -> int:
        self._state_dir.mkdir(parents=True, exist_ok=True)
        # An attempt does not outlive its agent: the control plane gives its job out again.
        shutil.rmtree(self._state_dir / 'jobs', ignore_errors=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        log('info', 'The training agent starts.', data={'version': __version__, 'pid': os.getpid(), 'gpus': gpu_uuids(),
                                                        'controlUrl': self._control.settings.control_url})
        self._add_slots()
        threading.Thread(target=self._beat, name='heartbeat', daemon=True).start()
        # A signal is handled once the main thread runs; one that comes as it falls asleep, or to another thread, wakes nobody.
        while not self._stopping.wait(SIGNAL_POLL_S):
            pass
        # A slot that waits for a claim has nothing to lose; its connection ends with the process.
        slots = [*self._slots.values()]
        for slot in slots:
            slot.idle.wait()
        for slot in slots:
            slot.kill()
        log('info', 'The training agent ends.')
        close_log(1.0)
        if self._control.is_unwelcome:
            return HOPELESS_STATUS
        return 1 if any(slot.has_crashed for slot in slots) else 0

    def _add_slots(self) -> None:
        """A slot stays when its GPU goes, and claims again when that comes back: what still runs there is in nobody's way."""
        for gpu in [None, *gpu_uuids()]:
            if gpu not in self._slots and not self._stopping.is_set():
                slot = Slot(self._control, self._stopping, self._is_draining, gpu, self._has_free_gpu)
                self._slots = {**self._slots, gpu: slot}
                slot.start()

    def _has_free_gpu(self) -> bool:
        return any(slot.is_free_gpu for slot in self._slots.values())

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
                log('warn', 'The control plane does not answer the heartbeat.', error=error)
            except Halted:
                break
            except OSError as error:
                log('error', 'The heartbeat could not be noted on disk.', error=error)
            self._control.halt.wait(self._control.heartbeat_s)
        # A runtime that was removed while it drained: its slots ask for nothing, so that no other thread hears of it.
        self._stopping.set()

    def _beat_once(self) -> None:
        self._add_slots()
        running = sum(not slot.idle.is_set() for slot in self._slots.values())
        request = {'boot_id': self._control.boot_id, 'devices': list_devices(), 'running': running,
                   'capacity': capacity(), 'metrics': [], 'replicas': []}
        answer = self._control.call('POST', '/heartbeat', request)
        if not answer.is_ok:
            log('error', f'The heartbeat was refused: {answer.message()}', data={'status': answer.status})
            return
        write_json(self._state_dir / 'heartbeat.json', {'accepted_at': now()})
        is_draining = bool(answer.json().get('is_draining'))
        if is_draining != self._is_draining.is_set():
            (self._is_draining.set if is_draining else self._is_draining.clear)()
            log('info', 'Draining: no new jobs are taken.' if is_draining else 'Jobs are taken again.')


def main() -> int:
    """Exit status 0 after a clean stop, 78 for wrong settings and when the control plane will never take this runtime."""
    try:
        settings = read_settings()
    except ValueError as error:
        log('error', f'The settings are wrong: {error}')
        return HOPELESS_STATUS
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return Agent(settings).run()
