"""Trainer events on their way: cleaned, numbered, kept on disk, and sent in order until the control plane has them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, BinaryIO

from ..trainer.emit import now
from .control import Control, Halted, LeaseLost, is_lease_lost
from .http import Backoff, Unreachable
from .log import log

BATCH_EVENTS = 1000
BATCH_BYTES = 4 * 1024 * 1024
SEND_INTERVAL_S = 0.1
_LIMITS = {'state': 50, 'name': 100, 'code': 100}
_FIELDS = {
    'state': ('state', 'message'),
    'progress': ('progress', 'step', 'total_steps', 'eta_seconds'),
    'metric': ('name', 'value', 'step'),
    'log': ('level', 'message'),
    'warning': ('message', 'code'),
}


def cleaned(event: dict[str, Any]) -> dict[str, Any] | None:
    """The event as the contract has it: known fields only, texts cut and free of NUL; None for a type that is not forwarded."""
    kind = event.get('type')
    if kind not in _FIELDS:
        return None
    result: dict[str, Any] = {'type': kind, 'at': event.get('at') or now()}
    for name in _FIELDS[kind]:
        if name in event:
            value = event[name]
            limit = _LIMITS.get(name, 10_000 if kind == 'log' else 2000)
            result[name] = _text(value, limit) if isinstance(value, str) else value
    return result


def _text(value: str, limit: int) -> str:
    # The contract counts UTF-16 units, of which a letter outside the basic plane takes two.
    whole = value.replace('\0', '\ufffd').encode('utf-16-le', 'replace')[:limit * 2]
    return whole.decode('utf-16-le', 'ignore')


class Spool:
    """Appends numbered events to a file; the sender reads them back from there, so memory stays small while web is away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = open(path, 'ab')
        self._lock = threading.Lock()
        self._count = 0
        self._bytes = 0
        self.added = threading.Event()

    def add(self, event: dict[str, Any]) -> None:
        with self._lock:
            self._count += 1
            line = json.dumps({'n': self._count, **event}, ensure_ascii=False, allow_nan=False).encode('utf-8', 'replace') + b'\n'
            self._stream.write(line)
            self._stream.flush()
            self._bytes += len(line)
        self.added.set()

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def close(self) -> None:
        self._stream.close()


class Forwarder:
    """Sends a job's events from its spool on a thread of its own, at most 10 batches a second."""

    def __init__(self, control: Control, spool: Spool, job_path: str, attempt: int, correlation_id: str, lost: threading.Event) -> None:
        self._control = control
        self._spool = spool
        self._job_path = job_path
        self._attempt = attempt
        self._correlation_id = correlation_id
        self._lost = lost
        self._sent_bytes = 0
        self._is_closed = False
        self._idle = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='events', daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Waits until every event is with the control plane. Raises LeaseLost, Halted."""
        with self._idle:
            while self._sent_bytes < self._spool.size_bytes:
                if self._lost.is_set():
                    raise LeaseLost()
                if self._control.halt.is_set() or not self._thread.is_alive():
                    raise Halted()
                self._idle.wait(0.1)

    def close(self) -> None:
        self._is_closed = True
        self._spool.added.set()
        self._thread.join(2)

    def _run(self) -> None:
        backoff = Backoff(0.1, 5.0)
        try:
            with open(self._spool.path, 'rb') as stream:
                while not self._is_closed and not self._lost.is_set():
                    self._spool.added.wait(1.0)
                    self._spool.added.clear()
                    self._send_all(stream, backoff)
        except LeaseLost:
            self._lost.set()
        except Halted:
            pass

    def _send_all(self, stream: BinaryIO, backoff: Backoff) -> None:
        while self._sent_bytes < self._spool.size_bytes and not self._is_closed:
            stream.seek(self._sent_bytes)
            lines = self._batch(stream)
            if not lines:
                return
            self._send(lines, backoff)
            with self._idle:
                self._sent_bytes += sum(map(len, lines))
                self._idle.notify_all()
            self._control.wait(SEND_INTERVAL_S)

    def _batch(self, stream: BinaryIO) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        while len(lines) < BATCH_EVENTS and size < BATCH_BYTES:
            line = stream.readline()
            if not line.endswith(b'\n'):
                break
            lines.append(line)
            size += len(line)
        return lines

    def _send(self, lines: list[bytes], backoff: Backoff) -> None:
        """Tries until it is accepted; a refused batch is halved until the bad event stands alone, which is dropped."""
        events = [json.loads(line) for line in lines]
        while not self._is_closed:
            try:
                answer = self._control.call('POST', f'{self._job_path}/events', {'attempt': self._attempt, 'events': events})
            except Unreachable:
                self._control.wait(backoff.next_s())
                continue
            backoff.reset()
            if answer.is_ok:
                return
            if is_lease_lost(answer) or answer.status in (403, 404):
                raise LeaseLost()
            if len(lines) == 1:
                log('error', 'An event was refused and is dropped.', data={'n': events[0]['n'], 'reason': answer.message()},
                    correlation_id=self._correlation_id)
                return
            middle = len(lines) // 2
            self._send(lines[:middle], backoff)
            self._send(lines[middle:], backoff)
            return
