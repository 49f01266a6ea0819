"""Input files by digest: read in place where the store is shared, else fetched once and kept."""

from __future__ import annotations

import errno
import hashlib
import http.client
import itertools
import os
import platform
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..files import sha256_of
from .control import DOOR, Control, LeaseLost
from .http import Backoff, Unreachable
from .log import log

PIECE = 1 << 20
STREAM_TIMEOUT_S = 60.0
CACHE_BYTES = 20 * 1024 ** 3


class Missing(Exception):
    """The control plane will not give this file."""


class DiskFull(Exception):
    """This machine has no room for a file; the message says how much is missing and where."""


def is_disk_full(error: BaseException) -> bool:
    """True for what the system says when a disk, or a quota on it, is used up."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class Inputs:
    """Files by SHA-256 in a folder of the state directory."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._cache = control.settings.state_dir / 'cache'

    def fetch(self, sha256: str, size_bytes: int, is_lost: Callable[[], bool]) -> Path:
        """Local path of the verified bytes. Goes on after a cut where it stopped.
        Raises Missing, DiskFull, LeaseLost, Halted."""
        shared = self._shared(sha256, size_bytes)
        if shared:
            return shared
        target = self._cache / sha256
        if self._is_kept(target, sha256, size_bytes):
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
                if is_disk_full(error):
                    # What is left of it would keep the disk full for everything else.
                    partial.unlink(missing_ok=True)
                    raise DiskFull(self._no_room(size_bytes)) from error
                log('warn', 'A download was cut off; going on.', data={'sha256': sha256, 'reason': str(error)})
                self._control.wait(backoff.next_s())

    def _is_kept(self, target: Path, sha256: str, size_bytes: int) -> bool:
        """Kept from before, and still what it was: the machine may have lost power while it was written."""
        if not target.exists() or target.stat().st_size != size_bytes or sha256_of(target) != sha256:
            return False
        os.utime(target)
        return True

    def _no_room(self, size_bytes: int) -> str:
        free = shutil.disk_usage(self._cache).free
        return (f'The disk of the runtime on {platform.node()} is full: an input has {_mib(size_bytes)}, {_mib(free)} are free in '
                f'{self._cache}. Free space there, or drain this runtime so that others take the job.')

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
        is_whole = offset >= size_bytes > 0
        digest = sha256_of(partial) if is_whole else self._stream(sha256, offset, partial, is_lost)
        if partial.stat().st_size < size_bytes:
            raise Unreachable('the download ended early')
        if digest != sha256:
            partial.unlink(missing_ok=True)
            raise Unreachable('the bytes do not have the digest that was asked for')

    def _stream(self, sha256: str, offset: int, partial: Path, is_lost: Callable[[], bool]) -> str:
        """Fetches the rest, and takes the digest of the whole while its bytes pass by."""
        connection = self._control.connection()
        headers = {**self._control.authorization(), **({'Range': f'bytes={offset}-'} if offset else {})}
        response = connection.open('GET', f'{DOOR}/artifacts/{sha256}', headers, None, STREAM_TIMEOUT_S)
        if response.status in (403, 404, 410):
            response.read()
            raise Missing(f'the control plane does not give the file {sha256} (HTTP {response.status})')
        if response.status not in (200, 206):
            response.read()
            raise Unreachable(f'HTTP {response.status}')
        digest = _begun(partial) if response.status == 206 else hashlib.sha256()
        # One piece is hashed and written, by a thread of its own, while the next arrives.
        buffers = itertools.cycle([memoryview(bytearray(PIECE)) for _ in range(2)])
        with (open(partial, 'ab' if response.status == 206 else 'wb', buffering=0) as stream,
              ThreadPoolExecutor(1, 'download') as keeper):
            def keep(piece: memoryview) -> None:
                digest.update(piece)
                _write_all(stream, piece)

            kept = keeper.submit(keep, memoryview(b''))
            while size := response.readinto(buffer := next(buffers)):
                if is_lost():
                    connection.close()
                    raise LeaseLost()
                kept.result()
                kept = keeper.submit(keep, buffer[:size])
            kept.result()
        return digest.hexdigest()

    def _make_room(self, size_bytes: int) -> None:
        files = sorted((path for path in self._cache.iterdir() if path.is_file()), key=lambda path: path.stat().st_mtime)
        used = sum(path.stat().st_size for path in files)
        for path in files:
            if used + size_bytes <= CACHE_BYTES:
                return
            used -= path.stat().st_size
            path.unlink(missing_ok=True)


def _write_all(stream: Any, piece: memoryview) -> None:
    """A disk that is nearly full takes a part, and says so only at the next write."""
    while piece:
        piece = piece[stream.write(piece):]


def _begun(partial: Path) -> Any:
    digest = hashlib.sha256()
    with open(partial, 'rb') as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest


def _mib(size_bytes: int) -> str:
    return f'{-(-size_bytes // 1024 ** 2)} MiB'
