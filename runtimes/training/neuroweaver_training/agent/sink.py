"""Sends log lines to an HTTP address in batches, on a thread of its own; the agent never waits for it."""

from __future__ import annotations

import gzip
import os
import threading
import urllib.request
from collections import deque
from collections.abc import Callable
from urllib.error import HTTPError

BATCH_LINES = 500
BATCH_S = 1.0
BUFFER_LINES = 20_000
TIMEOUT_S = 10.0
FIRST_RETRY_S, SLOWEST_RETRY_S = 0.5, 30.0
# The sink will never take such a batch: to send it again would hold up all that come after it.
FINAL = (400, 413, 415, 422)


class LogSink:
    """Holds at most BUFFER_LINES; the oldest go first, and one line says how many when the sink takes lines again."""

    def __init__(self, url: str, token: str | None, describe_loss: Callable[[int], str]) -> None:
        self._url, self._token, self._describe_loss = url, token, describe_loss
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name='log-sink', daemon=True)
        self._thread.start()

    def push(self, line: str) -> None:
        with self._lock:
            self._waiting.append(line)
            if len(self._waiting) > BUFFER_LINES:
                self._waiting.popleft()
                self._lost += 1
            if len(self._waiting) >= BATCH_LINES:
                self._filled.set()

    def close(self, limit_s: float) -> None:
        """Sends what waits, for at most so long."""
        self._closing.set()
        self._filled.set()
        self._thread.join(limit_s)

    def _run(self) -> None:
        failures = 0
        while not (self._closing.is_set() and (failures or not self._waiting)):
            if failures:
                self._closing.wait(min(SLOWEST_RETRY_S, FIRST_RETRY_S * 2 ** (failures - 1)))
            else:
                self._filled.wait(BATCH_S)
            self._filled.clear()
            if self._waiting:
                failures = 0 if self._send() else failures + 1

    def _send(self) -> bool:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_LINES, len(self._waiting)))]
            lost, self._lost = self._lost, 0
        lines = [self._describe_loss(lost), *batch] if lost else batch
        taken = self._post('\n'.join(lines) + '\n')
        if taken is not True:
            with self._lock:
                self._lost += lost
                if taken is None:
                    self._waiting.extendleft(reversed(batch))
                else:
                    self._lost += len(batch)
        return taken is not None

    def _post(self, text: str) -> bool | None:
        """True when it was taken, False when it never will be, None when it is worth another try."""
        headers = {'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip'}
        if self._token:
            headers['Authorization'] = f'Bearer {self._token}'
        request = urllib.request.Request(self._url, gzip.compress(text.encode('utf-8', 'replace')), headers, method='POST')
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                return True
        except HTTPError as error:
            error.close()
            return False if error.code in FINAL else None
        except (OSError, ValueError):
            return None


def open_sink(describe_loss: Callable[[int], str]) -> LogSink | None:
    """The sink that LOG_SINK_URL names."""
    url = os.environ.get('LOG_SINK_URL')
    return LogSink(url, os.environ.get('LOG_SINK_TOKEN') or None, describe_loss) if url else None
