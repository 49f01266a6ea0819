"""The agent's own log: one JSON object a line on stdout, in the shape that all of NeuroWeaver's processes write."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from typing import Any

from ..trainer.emit import now

_lock = threading.Lock()


def log(level: str, message: str, *, data: dict[str, Any] | None = None, correlation_id: str | None = None,
        error: BaseException | None = None) -> None:
    """Writes one line. Callers pass ids and counts in `data`, never a token."""
    entry: dict[str, Any] = {'id': str(uuid.uuid4()), 'timestamp': now(), 'level': level, 'system': 'neuroweaver',
                             'component': 'training', 'message': message}
    if data:
        entry['data'] = data
    if correlation_id:
        entry['correlationId'] = correlation_id
    if error is not None:
        entry['error'] = {'name': type(error).__name__, 'message': str(error)[:2000]}
    line = json.dumps(entry, ensure_ascii=False, default=str)
    with _lock:
        try:
            sys.stdout.write(line + '\n')
            sys.stdout.flush()
        except (BrokenPipeError, UnicodeEncodeError):
            pass
