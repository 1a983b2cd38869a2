"""tensorlab: open up a PyTorch-like system inside a notebook and look at every part of it at work.

Nothing heavy is imported here: each public name is resolved on first use from the table below.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tensorlab.names import FUNCTIONS
from tensorlab.version import __version__

# Modules that stand under another name than their own.
_NAMESPACES = {
    "linalg": "tensorlab.ops.linear_algebra",
    "testing": "tensorlab.ops.testing",
    "optim": "tensorlab.nn.optim",
    "utils": "tensorlab.nn.toolbox",
}
_MODULES = ("array_api", "autograd", "jit", "lab", "memory", "nn", "ops", "serve", "view", "magics", "errors", "core")

_NAMES: dict[str, tuple[str, ...]] = {
    "tensorlab.core.dtype": (
        *("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"),
        "DType",
    ),
    "tensorlab.core.device": ("device",),
    "tensorlab.core.memory_format": ("contiguous_format", "memory_format", "preserve_format"),
    "tensorlab.core.shape": ("Size",),
    "tensorlab.core.storage": ("Storage",),
    "tensorlab.core.untyped_storage": ("UntypedStorage",),
    "tensorlab.core.format": ("set_printoptions",),
    "tensorlab.array_api.array": ("Tensor",),
    "tensorlab.autograd": (
        "enable_grad",
        "inference_mode",
        "is_grad_enabled",
        "no_grad",
        "set_grad_enabled",
    ),
    "math": ("e", "inf", "nan", "pi"),
    "numpy": ("newaxis",),
    **FUNCTIONS,
    "tensorlab.errors": ("TensorlabError",),
}

# torch's second names: those of dtypes (`core.dtype.ALIASES`), and of the class of them. ``import *`` leaves them out.
_ALIASES = ("half", "short", "int", "long", "float", "double", "dtype")

_FUNCTIONS = frozenset(name for names in FUNCTIONS.values() for name in names)
_HOME = {name: module for module, names in _NAMES.items() for name in names}

# The tables say what there is.
__all__ = ["__version__", *_HOME, *_MODULES, *_NAMESPACES]  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from tensorlab.core.dtype import (
        DType,
        bfloat16,
        bool,
        float16,
        float32,
        float64,
        int8,
        int16,
        int32,
        int64,
        uint8,
    )
    from tensorlab.core.tensor import Tensor


def __getattr__(name: str) -> Any:
    """Import the module behind a public name, once."""
    if name in _HOME:
        if name in _FUNCTIONS:
            import_module("tensorlab.array_api")  # whoever has a tensor may ask for its gradient and its namespace
        module = import_module(_HOME[name])
        value = module.FUNCTIONS[name] if name in _FUNCTIONS else getattr(module, name)
    elif name in _ALIASES:
        dtypes = import_module("tensorlab.core.dtype")
        value = dtypes.DType if name == "dtype" else dtypes.ALIASES[name]
    elif name in _MODULES:
        value = import_module(f"tensorlab.{name}")
    elif name in _NAMESPACES:
        import_module("tensorlab.array_api")
        value = import_module(_NAMESPACES[name])
    else:
        raise AttributeError(f"module 'tensorlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, *_ALIASES))


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: ``%load_ext tensorlab``."""
    from tensorlab.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Leave the shell as it was before `load_ipython_extension`."""
    from tensorlab.magics import unload

    unload(shell)
