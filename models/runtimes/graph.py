"""Build an ONNX graph node by node, with names for people who look into it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

#: ONNX's operator set: what is used here is in it, and so are runtimes of some years.
OPSET, IR_VERSION = 17, 8


# By hand and not by torch's exporter: that one follows an example through code written for
# training, and knows nothing of a state that is handed on.
class Graph:
    """A graph that grows; each method returns the name of what it has computed."""

    def __init__(self) -> None:
        # An extra: whoever exports nothing to it does without the package.
        from onnx import helper, numpy_helper

        self._helper, self._numpy = helper, numpy_helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, *shape: int | str) -> str:
        """Add an input of float32; a length that is not fixed is named."""
        kind = self._helper.make_tensor_value_info(name, 1, list(shape))
        self._inputs.append(kind)
        return name

    def output(self, name: str, value: str, *shape: int | str) -> None:
        """Call a value an output."""
        self._nodes.append(self._helper.make_node("Identity", [value], [name]))
        self._outputs.append(self._helper.make_tensor_value_info(name, 1, list(shape)))

    def constant(self, value: ArrayLike, kind: Any = np.float32) -> str:
        """Add a tensor."""
        self._count += 1
        name = f"c{self._count}"
        self._constants.append(self._numpy.from_array(np.ascontiguousarray(value, kind), name))
        return name

    def node(self, operator: str, *inputs: str | ArrayLike, outputs: int = 1, **told: Any) -> Any:
        """Add a node; what is no name yet becomes a constant."""
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        self._count += 1
        made = [f"{operator.lower()}{self._count}_{place}" for place in range(outputs)]
        self._nodes.append(self._helper.make_node(operator, names, made, **told))
        return made[0] if outputs == 1 else made

    def integers(self, *values: int) -> str:
        """Add a list of whole numbers."""
        return self.constant(values, np.int64)

    def part(self, value: str, start: int, stop: int, axis: int = 0) -> str:
        """Take a stretch of an axis."""
        ends = (self.integers(start), self.integers(stop), self.integers(axis))
        return str(self.node("Slice", value, *ends))

    def last(self, value: str, count: int, axis: int) -> str:
        """Take the end of an axis."""
        # As far as any axis can go: a stop of -1 would leave the last one out.
        return self.part(value, -count, np.iinfo(np.int64).max, axis)

    def shaped(self, value: str, *shape: int) -> str:
        """Give a value another shape; -1 is what is left, 0 what it was."""
        return str(self.node("Reshape", value, self.integers(*shape)))

    def bytes(self, name: str, metadata: dict[str, str]) -> bytes:
        """Return the model as a file, checked by ONNX's own rules."""
        import onnx

        graph = self._helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, self._constants
        )
        opset = [self._helper.make_opsetid("", OPSET)]
        model = self._helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        self._helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())
