"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes under a temporary name, syncs, renames: a reader or a crash never sees half a file."""
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, 'wb') as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Strict JSON: NaN is an error here, so that no reader in another language meets it."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, allow_nan=False).encode(), mode)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in lower-case hex, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with open(path, 'rb') as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
