"""What a trainer tells while it works: one JSON object a line on the file descriptor kept for it."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from datetime import datetime, timezone
from typing import Any

PROGRESS_INTERVAL_S = 0.25
METRIC_INTERVAL_S = 0.05


def now() -> str:
    """UTC in ISO 8601 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


class Emitter:
    """Writes events; progress is held to 4 a second and each metric step to 20 a second, the last one always comes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._progress_at = -math.inf
        self._metrics_at = -math.inf

    def send(self, kind: str, **fields: Any) -> None:
        line = json.dumps({'type': kind, 'at': now(), **fields}, ensure_ascii=False, allow_nan=False) + '\n'
        self._write(line.encode('utf-8', 'replace'))

    def end_line(self) -> None:
        """After a writer that may have been killed within a line."""
        self._write(b'\n')

    def _write(self, content: bytes) -> None:
        with self._lock:
            while content:
                content = content[os.write(self._descriptor, content):]

    def state(self, state: str, message: str | None = None) -> None:
        self.send('state', state=state, **({'message': message} if message else {}))

    def log(self, message: str, level: str = 'info') -> None:
        self.send('log', level=level, message=message)

    def warning(self, message: str, code: str) -> None:
        self.send('warning', message=message[:2000], code=code)

    def progress(self, step: int, total: int, eta_seconds: float | None, is_last: bool = False) -> None:
        if not is_last and time.monotonic() - self._progress_at < PROGRESS_INTERVAL_S:
            return
        self._progress_at = time.monotonic()
        share = 1.0 if is_last or not total else min(1.0, step / total)
        eta = None if eta_seconds is None else round(max(0.0, eta_seconds), 2)
        self.send('progress', progress=round(share, 5), step=step, total_steps=total, eta_seconds=eta)

    def is_metric_due(self) -> bool:
        """True when a step's metrics may be sent now; asked once a step, before they are computed."""
        if time.monotonic() - self._metrics_at < METRIC_INTERVAL_S:
            return False
        self._metrics_at = time.monotonic()
        return True

    def metrics(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.send('metric', name=name, value=float(value) if math.isfinite(value) else None, step=step)


class Pace:
    """Time left, from the mean duration of the steps made since this start."""

    def __init__(self, first_step: int, total: int) -> None:
        self._first = first_step
        self._total = total
        self._started = time.monotonic()

    def eta_seconds(self, step: int) -> float | None:
        made = step - self._first
        if made <= 0:
            return None
        return (time.monotonic() - self._started) / made * (self._total - step)
