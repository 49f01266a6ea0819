"""The agent's settings, from the environment only."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Settings:
    """`token` enrols; it is kept out of every printed form."""

    control_url: str
    state_dir: Path
    name: str
    token: str | None = field(repr=False)
    artifact_dir: Path | None


def state_dir() -> Path:
    """NEUROWEAVER_STATE_DIR, or a folder of the present one."""
    return Path(os.environ.get('NEUROWEAVER_STATE_DIR') or 'training-state').resolve()


def read_settings() -> Settings:
    """Raises ValueError with everything that is wrong."""
    faults = []
    url = os.environ.get('NEUROWEAVER_CONTROL_URL', 'http://127.0.0.1:3000').rstrip('/')
    parts = urlsplit(url)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        faults.append('NEUROWEAVER_CONTROL_URL must be an http or https address')
    name = os.environ.get('NEUROWEAVER_RUNTIME_NAME') or platform.node() or 'training'
    if len(name) > 100:
        faults.append('NEUROWEAVER_RUNTIME_NAME must have at most 100 characters')
    artifacts = os.environ.get('NEUROWEAVER_ARTIFACT_DIR')
    if faults:
        raise ValueError('; '.join(faults))
    return Settings(url, state_dir(), name, os.environ.get('RUNTIME_TOKEN') or None, Path(artifacts) if artifacts else None)
