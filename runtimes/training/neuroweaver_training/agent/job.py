"""One claimed job from its inputs to its finish."""

from __future__ import annotations

import json
import platform
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

from ..files import write_json
from ..trainer.emit import now
from .checkpoints import CheckpointSender
from .control import Control, Halted, LeaseLost
from .events import Forwarder, Spool, cleaned
from .finish import finish
from .inputs import DiskFull, Inputs, Missing, is_disk_full
from .lease import Lease
from .log import log
from .outcome import failure
from .process import Run, TrainerHost
from .tracing import Span
from .tus import Refused, Uploads

TERM_GRACE_S = 20.0
STOP_GRACE_S = 8.0
STDERR_LINES = 5000
REJECTED_TRIES = 2


class Job:
    """Runs on the thread of its slot; `stopping` is set when the agent is to end."""

    def __init__(self, control: Control, claim: dict[str, Any], trainer: TrainerHost, stopping: threading.Event) -> None:
        self._claim, self._trainer, self._stopping = claim, trainer, stopping
        self._attempt: int = claim['attempt']
        self._path = f'/training/jobs/{claim["job_id"]}'
        self._correlation_id: str = claim['correlation_id']
        self._started = time.monotonic()
        self._outcome: str | None = None
        self.was_full = False
        self._span = Span('training job', claim.get('traceparent'), **{
            'neuroweaver.job_id': claim['job_id'], 'neuroweaver.attempt': self._attempt, 'neuroweaver.recipe': claim['recipe'],
            'neuroweaver.correlation_id': self._correlation_id})
        control = control.following({'x-correlation-id': self._correlation_id, 'traceparent': self._span.traceparent})
        self._control = control
        self._folder: Path = control.settings.state_dir / 'jobs' / f'{claim["job_id"]}-{self._attempt}'
        shutil.rmtree(self._folder, ignore_errors=True)
        self._out = self._folder / 'out'
        self._out.mkdir(parents=True)
        self._wake = threading.Event()
        self._lease = Lease(control, self._path, self._attempt, claim['heartbeat_ms'] / 1000, self._wake.set,
                            self._correlation_id)
        self._spool = Spool(self._folder / 'events.jsonl')
        self._forwarder = Forwarder(control, self._spool, self._path, self._attempt, self._correlation_id, self._lease.lost)
        self._uploads = Uploads(control, self._lease.lost.is_set)
        self._checkpoints = CheckpointSender(control, self._uploads, self._path, self._attempt, self._folder, self._lease.lost)
        self._last_event: dict[str, Any] | None = None
        self._last_line = ''
        self._lines = 0

    def run(self) -> None:
        """Never raises for what a job can bring about; a lost lease ends it without a word to the control plane."""
        try:
            self._run()
        except LeaseLost:
            self._log('warn', 'The lease is lost: the attempt is dropped.')
        except Halted:
            self._log('warn', 'The agent stops before the job is finished.')
        except OSError as error:
            if not is_disk_full(error):
                self._drop(error)
                return
            self._give_up_for_room(f'The disk of the runtime on {platform.node()} is full: {error}. Free space there.')
        except Exception as error:
            self._drop(error)
        finally:
            self._clean_up()

    def _drop(self, error: Exception) -> None:
        # The lease runs out by itself, and the job is given out again.
        log('error', 'The attempt is given up.', error=error, correlation_id=self._correlation_id)

    def _give_up_for_room(self, reason: str) -> None:
        """The job goes to another runtime, or fails with this reason when its attempts are used up; this one lives on."""
        self.was_full = True
        self._log('error', 'The disk is full: the attempt is given up.', reason=reason)
        error = {'code': 'resource_unavailable', 'message': reason}
        try:
            self._finish({'outcome': 'failed', 'error': error, 'is_retryable': True})
        except (LeaseLost, Halted):
            self._log('warn', 'The attempt was over before its end was told.')

    def _clean_up(self) -> None:
        self._trainer.end_run()
        self._span.end(self._outcome == 'succeeded', **{'neuroweaver.outcome': self._outcome})
        self._lease.close()
        self._checkpoints.close()
        self._forwarder.close()
        self._spool.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        try:
            spec = self._write_spec()
        except Missing as error:
            self._finish_failed({'error': {'code': 'internal', 'message': str(error)}, 'is_retryable': True})
            return
        except DiskFull as error:
            self._give_up_for_room(str(error))
            return
        self._log('info', 'Training starts.', recipe=self._claim['recipe'])
        run = Run(self._on_event, self._on_line, self._wake.set)
        span = self._span.child('trainer')
        self._trainer.order(spec, self._out, run)
        status = self._wait_for_end(run)
        span.end(status == 0, **{'process.exit.code': status})
        self._end(status)

    def _end(self, status: int) -> None:
        failed = failure(status, self._last_event, self._last_line)
        self._log('info', 'The trainer ended.', status=status, reason=(failed or {}).get('error'))
        if self._lease.cancel.is_set():
            self._forwarder.drain()
            self._finish({'outcome': 'cancelled'})
        elif failed and self._stopping.is_set() and failed['error']['code'] == 'killed':
            self._hand_back(failed)
        elif failed:
            self._finish_failed(failed)
        else:
            self._succeed()

    def _write_spec(self) -> Path:
        """Fetches every input and writes the claim with local paths for the trainer."""
        inputs = Inputs(self._control)
        spec = json.loads(json.dumps(self._claim))
        references = list(spec['dataset']['files'])
        references += (spec['base'] or {}).get('files', []) if spec.get('base') else []
        references += [spec['checkpoint']] if spec.get('checkpoint') else []
        for reference in references:
            reference['file'] = str(inputs.fetch(reference['sha256'], reference['size_bytes'], self._lease.lost.is_set))
        path = self._folder / 'spec.json'
        write_json(path, spec)
        return path

    def _on_event(self, event: dict[str, Any]) -> None:
        self._last_event = event
        self._tell(event)
        if event['type'] == 'checkpoint':
            self._checkpoints.take(Path(event['path']), event['step'])
        elif event['type'] == 'error':
            self._spool.add({'type': 'log', 'at': now(), 'level': 'error', 'message': str(event['message'])[:9000]})
        else:
            forwarded = cleaned(event)
            if forwarded:
                self._spool.add(forwarded)

    def _on_line(self, line: str) -> None:
        if not line.strip():
            return
        self._last_line, self._lines = line[:500], self._lines + 1
        if self._lines <= STDERR_LINES:
            self._say('info', line)
            message = line if self._lines < STDERR_LINES else 'More lines of the trainer are left out here.'
            self._spool.add(cleaned({'type': 'log', 'at': now(), 'level': 'info', 'message': message}) or {})

    def _wait_for_end(self, run: Run) -> int:
        """The trainer's exit status; asks it to stop for a cancel or the agent's end, kills it for a lost lease."""
        deadline: float | None = None
        while True:
            self._wake.wait(0.2 if deadline is None else 0.05)
            self._wake.clear()
            if self._lease.lost.is_set():
                raise LeaseLost()
            if run.ended.is_set():
                return run.status
            if deadline is None and (self._lease.cancel.is_set() or self._stopping.is_set()):
                self._trainer.signal(signal.SIGTERM)
                deadline = time.monotonic() + (TERM_GRACE_S if self._lease.cancel.is_set() else STOP_GRACE_S)
            if deadline is not None and time.monotonic() > deadline:
                self._trainer.signal(signal.SIGKILL)

    def _succeed(self) -> None:
        self._lease.verify()
        if self._lease.cancel.is_set():
            self._finish({'outcome': 'cancelled'})
            return
        result = json.loads((self._out / 'result.json').read_text('utf-8'))
        self._spool.add({'type': 'state', 'at': now(), 'state': 'uploading'})
        try:
            files = self._upload(result.pop('files'))
        except Refused as error:
            code = 'resource_unavailable' if error.is_full else 'internal'
            message = f'The results were not taken: {error}'
            self._finish_failed({'error': {'code': code, 'message': message}, 'is_retryable': code == 'internal'})
            return
        self._forwarder.drain()
        self._finish({'outcome': 'succeeded', 'files': files, **result})

    def _upload(self, names: list[str]) -> list[dict[str, str]]:
        sent = {name: self._uploads.send(self._out / name, name) for name in names}
        for name in names:
            for is_last in [False] * (REJECTED_TRIES - 1) + [True]:
                try:
                    self._uploads.wait_ready(sent[name])
                    break
                except Refused:
                    if is_last:
                        raise
                    sent[name] = self._uploads.send(self._out / name, name)
        return [{'path': name, 'upload_id': upload_id} for name, upload_id in sent.items()]

    def _finish_failed(self, failed: dict[str, Any]) -> None:
        self._forwarder.drain()
        self._finish({'outcome': 'failed', **failed})

    def _hand_back(self, failed: dict[str, Any]) -> None:
        """The agent ends: the newest checkpoint goes up, and the job is queued again without waiting for its lease to run out."""
        self._checkpoints.drain(STOP_GRACE_S)
        self._finish({'outcome': 'failed', **failed})

    def _finish(self, outcome: dict[str, Any]) -> None:
        finish(self._control, self._path, {**outcome, 'attempt': self._attempt}, self._log)
        self._outcome = outcome['outcome']

    def _tell(self, event: dict[str, Any]) -> None:
        """What the trainer says goes into this process's log too, as the trainer's: it has no output of its own."""
        kind = event['type']
        if kind == 'state':
            self._say('info', f'The trainer is {event["state"]}.')
        elif kind in ('log', 'warning', 'error'):
            levels = {'warning': 'warn', 'error': 'warn'}
            self._say(levels.get(kind) or {'debug': 'debug', 'warn': 'warn', 'error': 'error'}.get(str(event.get('level')), 'info'),
                      str(event.get('message')))

    def _say(self, level: str, message: str) -> None:
        log(level, message[:2000], data=self._about(), correlation_id=self._correlation_id, component='trainer')

    def _about(self) -> dict[str, Any]:
        return {'jobId': self._claim['job_id'], 'attempt': self._attempt}

    def _log(self, level: str, message: str, **data: Any) -> None:
        log(level, message, data={**self._about(), **data}, correlation_id=self._correlation_id,
            duration_ms=(time.monotonic() - self._started) * 1000)
