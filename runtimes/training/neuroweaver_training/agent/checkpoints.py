"""Sends the newest checkpoint while training goes on; older ones that wait are passed over."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from .control import Control, Halted, LeaseLost, is_lease_lost
from .http import Backoff, Unreachable
from .log import log
from .tus import Refused, Uploads


class CheckpointSender:
    """A thread with a slot for one file; `take` puts a checkpoint there."""

    def __init__(self, control: Control, uploads: Uploads, job_path: str, attempt: int, folder: Path, lost: threading.Event) -> None:
        self._control = control
        self._uploads = uploads
        self._job_path = job_path
        self._attempt = attempt
        self._folder = folder
        self._lost = lost
        self._slot: tuple[Path, int] | None = None
        self._is_busy = False
        self._is_closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name='checkpoints', daemon=True).start()

    def take(self, path: Path, step: int) -> None:
        """Keeps the file by a link of its own, so that the trainer may forget it."""
        kept = self._folder / f'upload-{step}.zip'
        try:
            kept.unlink(missing_ok=True)
            os.link(path, kept)
        except OSError as error:
            log('warn', 'A checkpoint is gone before it was sent.', error=error)
            return
        with self._changed:
            if self._slot:
                self._slot[0].unlink(missing_ok=True)
            self._slot = (kept, step)
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Waits until nothing is under way, at most so long."""
        end = time.monotonic() + seconds
        with self._changed:
            while (self._slot or self._is_busy) and time.monotonic() < end and not self._lost.is_set():
                self._changed.wait(0.1)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._slot is None and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
                path, step = self._slot or (Path(), 0)
                self._slot, self._is_busy = None, True
            self._send_and_forget(path, step)
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _send_and_forget(self, path: Path, step: int) -> None:
        try:
            upload_id = self._uploads.send(path, f'checkpoint-{step}.zip')
            self._uploads.wait_ready(upload_id)
            self._announce(step, upload_id)
        except LeaseLost:
            self._lost.set()
        except Refused as error:
            log('warn', 'A checkpoint was not taken; training goes on.', error=error)
        except (Halted, OSError) as error:
            log('warn', 'A checkpoint was not sent.', error=error)
        finally:
            path.unlink(missing_ok=True)

    def _announce(self, step: int, upload_id: str) -> None:
        backoff = Backoff()
        while not self._is_closed:
            try:
                answer = self._control.call('POST', f'{self._job_path}/checkpoints',
                                            {'attempt': self._attempt, 'step': step, 'upload_id': upload_id})
            except Unreachable:
                self._control.wait(backoff.next_s())
                continue
            if answer.is_ok:
                return
            if is_lease_lost(answer):
                raise LeaseLost()
            if answer.status != 409:
                raise Refused(answer.message())
            self._control.wait(backoff.next_s())
