"""Why a training run ends early, and the exit status that tells it to the agent."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_INVALID = 2
EXIT_INTERNAL = 70
EXIT_UNAVAILABLE = 75
EXIT_CANCELLED = 143

_EXIT_CODES = {
    'invalid_data': EXIT_INVALID,
    'invalid_spec': EXIT_INVALID,
    'parity': EXIT_INVALID,
    'resource_unavailable': EXIT_UNAVAILABLE,
}


class TrainingError(Exception):
    """A failure with one of the contract's codes and a message that the person who started the job can act on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def exit_code(self) -> int:
        return _EXIT_CODES.get(self.code, EXIT_INTERNAL)


class InvalidData(TrainingError):
    """The data cannot be trained on; `row` is 1-based and counts data rows, `line` counts lines of the file."""

    def __init__(self, message: str, *, file: str | None = None, row: int | None = None, line: int | None = None,
                 column: str | None = None) -> None:
        places = [
            f'column "{column}"' if column is not None else None,
            f'row {row}' if row is not None else None,
            f'line {line}' if line is not None else None,
            f'of {file}' if file is not None else None,
        ]
        place = ', '.join(part for part in places if part)
        super().__init__('invalid_data', f'{place}: {message}' if place else message)


class InvalidSpec(TrainingError):
    """The job asks for something that the recipe does not offer."""

    def __init__(self, message: str) -> None:
        super().__init__('invalid_spec', message)


class Stopped(Exception):
    """SIGTERM came and the last state is in a checkpoint."""
