"""Input files by digest: read in place where the store is shared, else fetched once and kept."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable
from pathlib import Path

from ..files import sha256_of
from .control import DOOR, Control, LeaseLost
from .http import Backoff, Unreachable
from .log import log

PIECE = 1 << 20
STREAM_TIMEOUT_S = 60.0
CACHE_BYTES = 20 * 1024 ** 3


class Missing(Exception):
    """The control plane will not give this file."""


class Inputs:
    """Files by SHA-256 in a folder of the state directory."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._cache = control.settings.state_dir / 'cache'

    def fetch(self, sha256: str, size_bytes: int, is_lost: Callable[[], bool]) -> Path:
        """Local path of the verified bytes. Goes on after a cut where it stopped. Raises Missing, LeaseLost, Halted."""
        shared = self._shared(sha256, size_bytes)
        if shared:
            return shared
        target = self._cache / sha256
        if target.exists() and target.stat().st_size == size_bytes:
            os.utime(target)
            return target
        self._cache.mkdir(parents=True, exist_ok=True)
        self._make_room(size_bytes)
        partial = self._cache / f'{sha256}.part'
        backoff = Backoff()
        while True:
            try:
                self._download(sha256, size_bytes, partial, is_lost)
                os.replace(partial, target)
                return target
            except (Unreachable, OSError, http.client.HTTPException) as error:
                self._control.connection().close()
                log('warn', 'A download was cut off; going on.', data={'sha256': sha256, 'reason': str(error)})
                self._control.wait(backoff.next_s())

    def _shared(self, sha256: str, size_bytes: int) -> Path | None:
        folder = self._control.settings.artifact_dir
        if folder is None:
            return None
        path = folder / sha256[:2] / sha256
        try:
            return path if path.stat().st_size == size_bytes else None
        except OSError:
            return None

    def _download(self, sha256: str, size_bytes: int, partial: Path, is_lost: Callable[[], bool]) -> None:
        offset = partial.stat().st_size if partial.exists() else 0
        if offset < size_bytes or size_bytes == 0:
            self._stream(sha256, offset, partial, is_lost)
        if sha256_of(partial) != sha256:
            partial.unlink(missing_ok=True)
            raise Unreachable('the bytes do not have the digest that was asked for')

    def _stream(self, sha256: str, offset: int, partial: Path, is_lost: Callable[[], bool]) -> None:
        connection = self._control.connection()
        headers = {**self._control.authorization(), **({'Range': f'bytes={offset}-'} if offset else {})}
        response = connection.open('GET', f'{DOOR}/artifacts/{sha256}', headers, None, STREAM_TIMEOUT_S)
        if response.status in (403, 404, 410):
            response.read()
            raise Missing(f'the control plane does not give the file {sha256} (HTTP {response.status})')
        if response.status not in (200, 206):
            response.read()
            raise Unreachable(f'HTTP {response.status}')
        with open(partial, 'ab' if response.status == 206 else 'wb') as stream:
            while piece := response.read(PIECE):
                if is_lost():
                    connection.close()
                    raise LeaseLost()
                stream.write(piece)

    def _make_room(self, size_bytes: int) -> None:
        files = sorted((path for path in self._cache.iterdir() if path.is_file()), key=lambda path: path.stat().st_mtime)
        used = sum(path.stat().st_size for path in files)
        for path in files:
            if used + size_bytes <= CACHE_BYTES:
                return
            used -= path.stat().st_size
            path.unlink(missing_ok=True)
