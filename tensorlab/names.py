"""Public functions, by the module that holds each: what `tensorlab` resolves lazily.

Written by tests/test_public_names.py from the tables in `ops.families`.
"""

from __future__ import annotations

# fmt: off
# ruff: noqa: E501
FUNCTIONS: dict[str, tuple[str, ...]] = {'tensorlab.ops.api': ('abs', 'add', 'cat', 'clamp', 'clone', 'div', 'eq', 'exp', 'ge', 'gt', 'le', 'log',
                       'lt', 'matmul', 'mul', 'ne', 'neg', 'permute', 'pow', 'reciprocal', 'relu', 'reshape',
                       'sigmoid', 'sqrt', 'sub', 't', 'tanh', 'transpose', 'where'),
 'tensorlab.ops.create': ('arange', 'as_tensor', 'empty', 'from_numpy', 'full', 'manual_seed', 'ones',
                          'ones_like', 'rand', 'randn', 'tensor', 'zeros', 'zeros_like'),
 'tensorlab.ops.reduce_functions': ('amax', 'amin', 'aminmax', 'argmax', 'argmin', 'max', 'mean', 'min',
                                    'nansum', 'softmax', 'sum')}
