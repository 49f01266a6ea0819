"""Keeping a job: a heartbeat that learns of a cancel, or that the job belongs to another attempt."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .control import Control, Halted, LeaseLost, is_lease_lost
from .http import Backoff, Unreachable
from .log import log


class Lease:
    """Beats on a thread of its own. `lost` and `cancel` are set once and stay; `wake` is called at each."""

    def __init__(self, control: Control, job_path: str, attempt: int, interval_s: float, wake: Callable[[], None],
                 correlation_id: str) -> None:
        self.lost = threading.Event()
        self.cancel = threading.Event()
        self._control = control
        self._job_path = job_path
        self._attempt = attempt
        self._interval_s = interval_s
        self._correlation_id = correlation_id
        self._wake = wake
        self._closed = threading.Event()
        threading.Thread(target=self._run, name='lease', daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def verify(self) -> None:
        """Asks now, until an answer comes. Raises LeaseLost, Halted. To be called before results are written anywhere."""
        backoff = Backoff()
        while not self.lost.is_set():
            try:
                self._beat(_VERIFY_TIMEOUT_S)
                break
            except Unreachable:
                self._control.wait(backoff.next_s())
        if self.lost.is_set():
            raise LeaseLost()

    def _run(self) -> None:
        while not self._closed.wait(self._interval_s) and not self.lost.is_set():
            try:
                self._beat(max(2.0, self._interval_s))
            except Unreachable as error:
                log('warn', 'The job\'s heartbeat got no answer; training goes on.', data={'reason': str(error)},
                    correlation_id=self._correlation_id)
            except Halted:
                # Nobody renews it from here on, so it is as good as lost.
                self.lost.set()
                self._wake()
                return

    def _beat(self, timeout_s: float) -> None:
        answer = self._control.call('POST', f'{self._job_path}/heartbeat', {'attempt': self._attempt}, timeout_s=timeout_s)
        if is_lease_lost(answer) or answer.status in (403, 404):
            self.lost.set()
            self._wake()
        elif answer.is_ok and answer.json().get('cancel'):
            if not self.cancel.is_set():
                self.cancel.set()
                self._wake()


_VERIFY_TIMEOUT_S = 10.0
