"""A process that compiles one graph, and writes the seconds of each step to its output as JSON.

Run as a script: ``compile_in_process.py trace|load|save nodes|resnet18 FILE``. ``trace`` records and compiles,
``load`` compiles a graph read from FILE, ``save`` writes that file. The cache folder of loops comes from
``TENSORLAB_CACHE_DIR``.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import tensorlab as tl


def twenty(x: Any, w1: Any, b1: Any, w2: Any, gain: Any, bias: Any) -> Any:
    """Twenty operations: a layer, softmax, a product, layer norm, a gate and what goes around it."""
    h = (x @ w1 + b1).tanh()
    e = (h - h.amax(1, True)).exp()
    y = (e / e.sum(1, True)) @ w2
    d = y - y.mean(1, True)
    n = d * ((d * d).mean(1, True) + 1e-5).rsqrt()
    return (n * gain + bias).sigmoid() + x


def subject(name: str) -> tuple[Callable[..., Any], list[Any]]:
    """What is compiled, and what it is called with."""
    tl.manual_seed(0)
    if name == "resnet18":
        return tl.nn.models.resnet18().eval(), [tl.randn(1, 3, 224, 224)]
    return twenty, [tl.randn(*shape) for shape in ((32, 64), (64, 64), (64,), (64, 64), (64,), (64,))]


def main(mode: str, name: str, file: str) -> None:
    """Each step once, the first call with it: that is when loops are compiled."""
    function, args = subject(name)
    marks = [perf_counter()]
    with tl.no_grad():
        if mode == "load":
            compiled = tl.jit.load(file)
        else:
            compiled = tl.jit.trace(function, tuple(args), check_trace=False)
        marks.append(perf_counter())
        if mode == "save":
            compiled.save(file)
            return
        compiled(*args)
        marks.append(perf_counter())
        for _ in range(3 if mode == "trace" else 0):  # the native function comes with the fourth call
            compiled(*args)
        marks.append(perf_counter())
    seconds = [after - before for before, after in itertools.pairwise(marks)]
    print(json.dumps(dict(zip(("graph", "call", "native"), seconds, strict=True))))


if __name__ == "__main__":
    main(*sys.argv[1:])
