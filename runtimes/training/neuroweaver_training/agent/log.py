"""The agent's own log: one JSON object a line on stdout, with the keys that all of NeuroWeaver's processes write."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
import uuid
from typing import Any

from ..trainer.emit import now
from .masking import hidden, masked
from .sink import open_sink

_LEVELS = {'debug': 0, 'info': 1, 'warn': 2, 'error': 3, 'silent': 4}
_least = _LEVELS.get(os.environ.get('LOG_LEVEL') or 'info', 1)
_lock = threading.Lock()


def log(level: str, message: str, *, data: dict[str, Any] | None = None, correlation_id: str | None = None,
        error: BaseException | None = None, component: str = 'training', duration_ms: float | None = None) -> None:
    """Writes one line; what has no value is null."""
    if _LEVELS.get(level, 1) < _least:
        return
    line = _line(level, message, data=data, correlation_id=correlation_id, error=error, component=component, duration_ms=duration_ms)
    with _lock:
        try:
            sys.stdout.write(line + '\n')
            sys.stdout.flush()
        except (BrokenPipeError, UnicodeEncodeError):
            pass
    if _sink:
        _sink.push(line)


def close_log(limit_s: float) -> None:
    """Ships what waits for the sink, for at most so long."""
    if _sink:
        _sink.close(limit_s)


def _line(level: str, message: str, *, data: dict[str, Any] | None = None, correlation_id: str | None = None,
          error: BaseException | None = None, component: str = 'training', duration_ms: float | None = None) -> str:
    entry = {
        'id': str(uuid.uuid4()), 'timestamp': now(), 'level': level, 'system': 'neuroweaver', 'component': component,
        'message': message, 'data': data, 'correlationId': correlation_id, 'userId': None, 'sessionId': None,
        'error': None if error is None else _described(error, has_stack=level == 'error'),
        'duration': None if duration_ms is None else round(duration_ms, 2), 'statusCode': None,
    }
    return masked(json.dumps(hidden(entry), ensure_ascii=False, default=str))


def _described(error: BaseException, *, has_stack: bool) -> dict[str, Any]:
    """What is only warned of was expected, and where it was met says nothing."""
    stack = ''.join(traceback.format_exception(error)) if has_stack and error.__traceback__ else None
    return {'name': type(error).__name__, 'message': str(error), **({'stack': stack} if stack else {})}


_sink = open_sink(lambda lines: _line('warn', f'{lines} log lines were lost: the sink did not take them in time', data={'lines': lines}))
