"""What an ended trainer means: its last event, and failing that its exit status."""

from __future__ import annotations

import signal
from typing import Any

from ..errors import EXIT_CANCELLED, EXIT_DONE, EXIT_INVALID, EXIT_UNAVAILABLE

RETRYABLE = ('out_of_memory', 'internal', 'killed')
SIGNAL_BASE = 128


def failure(status: int, last_event: dict[str, Any] | None, last_line: str) -> dict[str, Any] | None:
    """The contract's error with `is_retryable`; None when the trainer ended well. status: as subprocess gives it."""
    kind = (last_event or {}).get('type')
    if kind == 'error' and last_event:
        return _error(last_event['code'], last_event['message'])
    if status == EXIT_DONE and kind == 'done':
        return None
    number = -status if status < 0 else status - SIGNAL_BASE
    if number == signal.SIGKILL:
        return _error('killed', 'The trainer was killed (signal 9); the machine may have run out of memory.')
    if status == EXIT_CANCELLED or number == signal.SIGTERM:
        return _error('killed', 'The trainer was stopped.')
    if number == signal.SIGSEGV:
        return _error('internal', 'The trainer crashed (segmentation fault).')
    hint = f': {last_line}' if last_line else '.'
    if status == EXIT_INVALID:
        return _error('invalid_spec', f'The trainer refused the job{hint}')
    if status == EXIT_UNAVAILABLE:
        return _error('resource_unavailable', f'The trainer lacks a resource{hint}')
    return _error('internal', f'The trainer ended with status {status}{hint}')


def _error(code: str, message: str) -> dict[str, Any]:
    return {'error': {'code': code, 'message': message[:2000]}, 'is_retryable': code in RETRYABLE}
