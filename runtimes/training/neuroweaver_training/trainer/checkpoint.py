"""Checkpoints: one zip file of plain data, complete or absent, newest last."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

from ..files import write_atomically
from .emit import Emitter

INTERVAL_SETTING = 'NEUROWEAVER_CHECKPOINT_SECONDS'
DEFAULT_INTERVAL_S = 10.0
KEPT = 2


def spec_fingerprint(spec: dict[str, Any]) -> str:
    """What must be equal for a checkpoint to be continued: data, recipe, columns, hyper-parameters, split and seed."""
    part = {key: spec.get(key) for key in ('recipe', 'columns', 'hyper_parameters', 'split', 'seed')}
    part['digest'] = spec['dataset']['digest']
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()


class Checkpoints:
    """Due every `NEUROWEAVER_CHECKPOINT_SECONDS` (10), and at a stop; gives back what an earlier attempt left."""

    def __init__(self, folder: Path, emit: Emitter, fingerprint: str, source: Path | None) -> None:
        self._folder = folder
        self._emit = emit
        self._fingerprint = fingerprint
        self._source = source
        self._interval_s = float(os.environ.get(INTERVAL_SETTING) or DEFAULT_INTERVAL_S)
        self._saved_at = time.monotonic()
        self._kept: list[Path] = []

    def is_due(self) -> bool:
        return time.monotonic() - self._saved_at >= self._interval_s

    def save(self, step: int, state: dict[str, Any], blobs: dict[str, bytes]) -> None:
        """Writes `state` as JSON and `blobs` as members; the event that names the file comes after the rename."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr('state.json', json.dumps({**state, 'step': step, 'fingerprint': self._fingerprint}))
            for name, content in blobs.items():
                # Weights do not get smaller by packing.
                archive.writestr(name, content, zipfile.ZIP_STORED if name.endswith('.pt') else None)
        path = self._folder / f'checkpoint-{step:09d}.zip'
        write_atomically(path, buffer.getvalue())
        self._emit.send('checkpoint', path=str(path), step=step)
        self._forget_older(path)
        self._saved_at = time.monotonic()

    def _forget_older(self, newest: Path) -> None:
        self._kept = [path for path in self._kept if path != newest] + [newest]
        while len(self._kept) > KEPT:
            self._kept.pop(0).unlink(missing_ok=True)

    def load(self) -> tuple[dict[str, Any], dict[str, bytes]] | None:
        """State and blobs to go on from; None where there is no checkpoint, or it belongs to another specification."""
        if self._source is None:
            return None
        try:
            with zipfile.ZipFile(self._source) as archive:
                state = json.loads(archive.read('state.json'))
                blobs = {name: archive.read(name) for name in archive.namelist() if name != 'state.json'}
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            self._emit.warning(f'The checkpoint cannot be read ({error}); training starts anew.', 'checkpoint_unreadable')
            return None
        if state.get('fingerprint') != self._fingerprint:
            self._emit.warning('The checkpoint belongs to other settings; training starts anew.', 'checkpoint_foreign')
            return None
        self._emit.log(f'Going on from the checkpoint at step {state["step"]}.')
        return state, blobs
