"""The recipes by name, their descriptions, and the check of hyper-parameters against them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..errors import InvalidSpec

NAMES = ('tabular-classification', 'tabular-regression', 'text-classification')


def describe(recipe: str) -> dict[str, Any]:
    """The recipe's description file. Raises InvalidSpec for an unknown name."""
    if recipe not in NAMES:
        raise InvalidSpec(f'recipe: there is no "{recipe}"; known are {", ".join(NAMES)}')
    return json.loads(Path(__file__).with_name(f'{recipe}.json').read_text('utf-8'))


def hyper_parameters(recipe: str, given: dict[str, Any]) -> dict[str, Any]:
    """All hyper-parameters of the recipe, defaults filled in. Raises InvalidSpec naming the first bad one; null is the default."""
    properties: dict[str, dict[str, Any]] = describe(recipe)['hyperParameters']['properties']
    for name, value in given.items():
        if name not in properties:
            raise InvalidSpec(f'hyper_parameters.{name}: unknown; known are {", ".join(properties)}')
        complaint = None if value is None else _complaint(properties[name], value)
        if complaint:
            raise InvalidSpec(f'hyper_parameters.{name}: {complaint}')
    return {name: _chosen(schema, given.get(name)) for name, schema in properties.items()}


def _chosen(schema: dict[str, Any], value: Any) -> Any:
    chosen = schema['default'] if value is None else value
    return {'number': float, 'integer': int}.get(schema['type'], lambda same: same)(chosen)


def _complaint(schema: dict[str, Any], value: Any) -> str | None:
    kind = schema['type']
    if not _has_type(kind, value):
        return f'must be {"an" if kind == "integer" else "a"} {kind}'
    if 'enum' in schema and value not in schema['enum']:
        return f'must be one of {", ".join(map(str, schema["enum"]))}'
    if value_is_outside(schema, value):
        return f'must be from {schema.get("minimum", "-∞")} to {schema.get("maximum", "∞")}'
    return None


def _has_type(kind: str, value: Any) -> bool:
    if kind == 'boolean':
        return isinstance(value, bool)
    if kind == 'string':
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return False
    return kind == 'number' or float(value).is_integer()


def value_is_outside(schema: dict[str, Any], value: Any) -> bool:
    """True for a number under the schema's minimum or over its maximum."""
    if isinstance(value, (str, bool)):
        return False
    return value < schema.get('minimum', -math.inf) or value > schema.get('maximum', math.inf)
