"""Composing an ONNX graph by hand: fresh names, constants once, no metadata."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, checker, helper, numpy_helper

OPSET = 20
ML_OPSET = 3
IR_VERSION = 10


class Graph:
    """Collects nodes and constants. Inner names start with `/nw/`, which a column name hardly does; a clash is refused."""

    def __init__(self, dimension: str = 'N') -> None:
        self.dimension = dimension
        self._nodes: list[Any] = []
        self._constants: list[TensorProto] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def fresh(self) -> str:
        self._count += 1
        return f'/nw/{self._count}'

    def input(self, name: str, element: int, shape: list[int | str]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, element, shape))
        return name

    def output(self, name: str, source: str, element: int, shape: list[int | str]) -> None:
        self._nodes.append(helper.make_node('Identity', [source], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, element, shape))

    def constant(self, value: np.ndarray, name: str | None = None) -> str:
        name = name or self.fresh()
        self._constants.append(numpy_helper.from_array(np.asarray(value, order='C'), name))
        return name

    def strings(self, values: list[str]) -> str:
        name = self.fresh()
        encoded: list[Any] = [value.encode() for value in values]
        self._constants.append(helper.make_tensor(name, TensorProto.STRING, [len(values)], encoded))
        return name

    def node(self, operator: str, inputs: list[str], domain: str = '', **attributes: Any) -> str:
        result = self.fresh()
        self._nodes.append(helper.make_node(operator, inputs, [result], domain=domain, **attributes))
        return result

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def model(self) -> ModelProto:
        """The checked model."""
        graph: GraphProto = helper.make_graph(self._nodes, 'neuroweaver', self._inputs, self._outputs, self._constants)
        opsets = [helper.make_opsetid('', OPSET), helper.make_opsetid('ai.onnx.ml', ML_OPSET)]
        model = helper.make_model(graph, producer_name='neuroweaver', opset_imports=opsets, ir_version=IR_VERSION)
        checker.check_model(model)
        return model
