"""LightGBM's text model as one ONNX `TreeEnsembleRegressor` that gives the raw scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Graph

_DEFAULT_LEFT = 2
_MISSING_SHIFT = 2
_MISSING_NAN = 2
# LightGBM reads every value this near to zero as zero (`kZeroThreshold` in its meta.h).
_ZERO = float(np.float32(1e-35))


def rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 not above each double: then `x <= t` has the same truth for every float32 x. At minus `_ZERO`
    it lies one step lower, because x is read as zero there."""
    with np.errstate(over='ignore'):
        nearest = thresholds.astype(np.float32)
    is_above = (nearest.astype(np.float64) > thresholds) | (thresholds == -_ZERO)
    return np.where(is_above, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)


def parse_trees(model_text: str) -> list[dict[str, np.ndarray]]:
    """The trees of `Booster.model_to_string()`; numbers there have 17 digits, so nothing is lost."""
    trees = []
    for section in model_text.split('\nTree=')[1:]:
        body = section.split('\n\n', 1)[0]
        fields = dict(line.split('=', 1) for line in body.split('\n')[1:] if '=' in line)
        trees.append({
            'feature': _numbers(fields.get('split_feature', ''), np.int64),
            'threshold': _numbers(fields.get('threshold', ''), np.float64),
            'decision': _numbers(fields.get('decision_type', ''), np.int64),
            'left': _numbers(fields.get('left_child', ''), np.int64),
            'right': _numbers(fields.get('right_child', ''), np.int64),
            'leaf': _numbers(fields['leaf_value'], np.float64),
        })
    return trees


def _numbers(text: str, kind: type) -> np.ndarray:
    return np.array([kind(part) for part in text.split()], dtype=kind)


def _tree_rows(tree: dict[str, np.ndarray], number: int, scores: int) -> dict[str, np.ndarray]:
    """One tree's node arrays. Leaves stand after the splits; LightGBM names a leaf by its complement."""
    splits, leaves = len(tree['feature']), len(tree['leaf'])
    threshold, decision = tree['threshold'], tree['decision']
    is_nan_aware = ((decision >> _MISSING_SHIFT) & 3) == _MISSING_NAN
    # Where no value was missing in training LightGBM reads NaN as 0.
    nan_goes_left = np.where(is_nan_aware, (decision & _DEFAULT_LEFT) > 0, threshold >= 0)
    child = {side: np.where(tree[side] < 0, splits + ~tree[side], tree[side]) for side in ('left', 'right')}
    pad = np.zeros(leaves, np.int64)
    return {
        'treeids': np.full(splits + leaves, number),
        'nodeids': np.arange(splits + leaves),
        'featureids': np.concatenate([tree['feature'], pad]),
        'values': np.concatenate([rounded_down(threshold), pad.astype(np.float32)]),
        'is_split': np.concatenate([np.ones(splits, bool), np.zeros(leaves, bool)]),
        'truenodeids': np.concatenate([child['left'], pad]),
        'falsenodeids': np.concatenate([child['right'], pad]),
        'missing': np.concatenate([nan_goes_left.astype(np.int64), pad]),
        'target_treeids': np.full(leaves, number),
        'target_nodeids': np.arange(splits, splits + leaves),
        'target_ids': np.full(leaves, number % scores),
        'weights': tree['leaf'],
    }


def add_trees(graph: Graph, matrix: str, model_text: str, scores: int) -> str:
    """Adds the ensemble over `matrix` (FP32 [N, features]); the result is FP32 [N, scores], before sigmoid or softmax."""
    trees = [_tree_rows(tree, number, scores) for number, tree in enumerate(parse_trees(model_text))]
    joined = {key: np.concatenate([tree[key] for tree in trees]) for key in trees[0]}
    attributes: dict[str, Any] = {
        'nodes_treeids': joined['treeids'].tolist(),
        'nodes_nodeids': joined['nodeids'].tolist(),
        'nodes_featureids': joined['featureids'].tolist(),
        'nodes_values': joined['values'].tolist(),
        'nodes_modes': ['BRANCH_LEQ' if is_split else 'LEAF' for is_split in joined['is_split']],
        'nodes_truenodeids': joined['truenodeids'].tolist(),
        'nodes_falsenodeids': joined['falsenodeids'].tolist(),
        'nodes_missing_value_tracks_true': joined['missing'].tolist(),
        'target_treeids': joined['target_treeids'].tolist(),
        'target_nodeids': joined['target_nodeids'].tolist(),
        'target_ids': joined['target_ids'].tolist(),
        'target_weights': joined['weights'].astype(np.float32).tolist(),
    }
    return graph.node('TreeEnsembleRegressor', [matrix], domain='ai.onnx.ml', n_targets=scores, aggregate_function='SUM',
                      post_transform='NONE', **attributes)
