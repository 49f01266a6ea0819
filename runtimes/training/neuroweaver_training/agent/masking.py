"""What a log line must never show, by the name of its field and by its own looks; as src/telemetry/mask.ts has it."""

from __future__ import annotations

import json
import os
import re
from typing import Any

SHOWN = '[redacted]'
_LONGEST_TEXT = 8000
_SECRET_NAME = re.compile(
    r'pass(word|phrase)|secret|token|credential|authorization|api_?key|private_?key|cookie|^key$|^bearer$', re.IGNORECASE)
# Each leaves quotation marks and backslashes alone, so that a masked JSON line is still JSON.
_LOOKS = [
    (re.compile(r'\b(nw[a-z]?_)[A-Za-z0-9_-]{12,}'), rf'\1{SHOWN}'),
    (re.compile(r'\b(Bearer|Basic)\s+[^\s"\\,;]{6,}', re.IGNORECASE), rf'\1 {SHOWN}'),
    (re.compile(r'\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*'), SHOWN),
    (re.compile(r'([a-z][a-z0-9+.-]*://[^\s/:@"\\]*):[^\s/@"\\]+@', re.IGNORECASE), rf'\1:{SHOWN}@'),
    (re.compile(r'([?&;](?:[a-z0-9_-]*(?:token|secret|password|api_?key|signature)|key|code)=)[^&\s"\\]+', re.IGNORECASE), rf'\1{SHOWN}'),
]
_SETTING_NAME = re.compile(r'SECRET|PASSWORD|PASSPHRASE|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIAL|SETUP_CODE|ACCESS_KEY')
_SHORTEST_SECRET = 8


def _own_values() -> re.Pattern[str] | None:
    values = {value for name, value in os.environ.items() if _SETTING_NAME.search(name) and len(value) >= _SHORTEST_SECRET}
    written = [json.dumps(value, ensure_ascii=False)[1:-1] for value in sorted(values, key=len, reverse=True)]
    return re.compile('|'.join(map(re.escape, written))) if written else None


_VALUES = _own_values()


def hidden(value: Any, name: str = '') -> Any:
    """`value` without what stands under a secret's name, and with long texts cut. Figures stay: `max_tokens` is none."""
    if not (value is None or isinstance(value, (bool, int, float))) and _SECRET_NAME.search(name):
        return SHOWN
    if isinstance(value, dict):
        return {str(key): hidden(part, str(key)) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [hidden(part) for part in value]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f'{value[:_LONGEST_TEXT]}… ({len(value)} characters)'
    return value


def masked(line: str) -> str:
    """A JSON line without anything that looks like a key, a token, a password in an address, or a secret setting."""
    if _VALUES:
        line = _VALUES.sub(SHOWN, line)
    for look, instead in _LOOKS:
        line = look.sub(instead, line)
    return line
