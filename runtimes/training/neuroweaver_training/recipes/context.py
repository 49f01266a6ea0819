"""What a recipe is given, and what it hands over."""

from __future__ import annotations

import os
import platform
import time
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..data.rows import DataFile
from ..trainer.checkpoint import Checkpoints
from ..trainer.emit import Emitter


@dataclass
class Context:
    """One job: `spec` is the claim with local paths; `params` are the checked hyper-parameters."""

    spec: dict[str, Any]
    params: dict[str, Any]
    out: Path
    emit: Emitter
    checkpoints: Checkpoints
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        return int(self.spec['seed'])

    @property
    def data_files(self) -> list[DataFile]:
        return [DataFile(file['path'], Path(file['file'])) for file in self.spec['dataset']['files']]

    def base_file(self, name: str) -> Path | None:
        """Local path of a file of the base version; None where there is no base, or it has no such file."""
        files = (self.spec.get('base') or {}).get('files', [])
        return next((Path(file['file']) for file in files if file['path'] == name), None)

    @contextmanager
    def phase(self, state: str, message: str | None = None) -> Iterator[None]:
        """Tells the state and keeps how long it took, in seconds."""
        self.emit.state(state, message)
        started = time.monotonic()
        yield
        self.timings[state] = round(time.monotonic() - started, 4)


def threads() -> int:
    """Cores allotted to this process by OMP_NUM_THREADS; one when unset, because two on a shared core are far slower."""
    given = os.environ.get('OMP_NUM_THREADS', '')
    return max(1, int(given)) if given.isdigit() else 1


def environment(device: str, used_threads: int, libraries: dict[str, str]) -> dict[str, Any]:
    """What the result depends on besides data and settings."""
    return {
        'python': platform.python_version(), 'platform': f'{platform.system()} {platform.machine()}', 'device': device,
        'threads': used_threads, 'neuroweaver_training': __version__, **libraries,
    }
