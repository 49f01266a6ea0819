"""`health`: is the agent in touch with its control plane?"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone

from .settings import state_dir

STALE_S = 30.0


def health() -> int:
    """0 when the last accepted heartbeat is less than 30 s old, else 1 and a reason on stderr."""
    try:
        kept = json.loads((state_dir() / 'heartbeat.json').read_text('utf-8'))
        accepted = datetime.fromisoformat(kept['accepted_at'].replace('Z', '+00:00'))
    except (OSError, ValueError, KeyError) as error:
        print(f'no heartbeat was accepted yet ({type(error).__name__})', file=sys.stderr)
        return 1
    age = (datetime.now(timezone.utc) - accepted).total_seconds()
    if age >= STALE_S:
        print(f'the last accepted heartbeat is {age:.0f} s old', file=sys.stderr)
        return 1
    return 0
