"""Who is tested on what: stratified or grouped parts, drawn with the job's seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STRATA_OF_NUMBERS = 10


@dataclass(frozen=True)
class Split:
    """Row indexes of the parts, each sorted."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    method: str


def strata_of_numbers(values: np.ndarray) -> np.ndarray:
    """Deciles of a number target, so that both parts cover its whole range."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, STRATA_OF_NUMBERS + 1)[1:-1]))
    return np.searchsorted(edges, values)


def draw(rows: np.ndarray, share: float, strata: np.ndarray, groups: np.ndarray | None, random: np.random.Generator) -> np.ndarray:
    """Picks about `share` of `rows`, as sorted indexes. `strata` and `groups` are codes for all rows of the table."""
    if groups is None:
        return _draw_stratified(rows, share, strata, random)
    return _draw_groups(rows, share, groups, random)


def _draw_stratified(rows: np.ndarray, share: float, strata: np.ndarray, random: np.random.Generator) -> np.ndarray:
    picked = []
    for stratum in np.unique(strata[rows]):
        members = random.permutation(rows[strata[rows] == stratum])
        # A class of two gives one to each side; a class of one stays where it is trained on.
        count = min(max(round(len(members) * share), 1), len(members) - 1)
        picked.append(members[:count])
    return np.sort(np.concatenate(picked)) if picked else rows[:0]


def _draw_groups(rows: np.ndarray, share: float, groups: np.ndarray, random: np.random.Generator) -> np.ndarray:
    ids, counts = np.unique(groups[rows], return_counts=True)
    order = random.permutation(len(ids))
    wanted = share * len(rows)
    taken: list[int] = []
    total = 0
    for position in order[:-1]:
        if taken and total + counts[position] / 2 > wanted:
            break
        taken.append(ids[position])
        total += counts[position]
    return np.sort(rows[np.isin(groups[rows], taken)])


def row_hashes(codes: list[np.ndarray]) -> np.ndarray:
    """A 64-bit mix of each row over several columns: equal rows have equal hashes. Columns: integers or float64."""
    hashes = np.zeros(len(codes[0]), np.uint64)
    for column in codes:
        # Adding 0.0 turns -0.0 into 0.0, so that equal numbers have equal bits.
        bits = (column + 0.0).view(np.uint64) if column.dtype == np.float64 else column.astype(np.int64).view(np.uint64)
        hashes = _mix(hashes ^ _mix(bits + np.uint64(0x9E3779B97F4A7C15)))
    return hashes


def _mix(value: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
