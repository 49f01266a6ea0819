"""Saying how a job ended, until it is heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .control import Control, LeaseLost, is_lease_lost
from .http import Backoff, Unreachable


def finish(control: Control, job_path: str, request: dict[str, Any], log: Callable[..., None]) -> None:
    """Posts the finish. An upload that is not ready yet is waited for; a result that is refused is told as a failure.
    Raises LeaseLost when it is another attempt's to say, Halted when the agent ends."""
    backoff = Backoff(0.05, 5.0)
    while True:
        try:
            answer = control.call('POST', f'{job_path}/finish', request)
        except Unreachable as error:
            log('warn', 'The finish got no answer; trying again.', reason=str(error))
            control.wait(backoff.next_s())
            continue
        if answer.is_ok:
            log('info', 'Finished.', outcome=request['outcome'], **answer.json())
            return
        if is_lease_lost(answer) or answer.status in (403, 404):
            raise LeaseLost()
        if answer.status != 409:
            log('error', 'The finish was refused.', status=answer.status, reason=answer.message())
            if request['outcome'] != 'failed':
                finish(control, job_path, _failure(request['attempt'], answer.message()), log)
            return
        control.wait(backoff.next_s())


def _failure(attempt: int, reason: str) -> dict[str, Any]:
    error = {'code': 'internal', 'message': f'The control plane refused the result: {reason}'[:2000]}
    return {'outcome': 'failed', 'attempt': attempt, 'error': error, 'is_retryable': False}
