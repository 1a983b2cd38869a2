"""A program of lines of Python, run under torch and under tensorlab in step, and looked at after every line."""

from __future__ import annotations

import ctypes
import re
import warnings
from typing import Any

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

# What one element may differ by, of its own size and of the largest in its tensor.
ROOM = {"float32": (2e-5, 4e-6), "float64": (1e-10, 1e-13), "float16": (4e-3, 2e-3), "bfloat16": (3e-2, 1e-2)}
# torch refuses with these, Python itself with some of them where an argument is none that a method could take.
REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, ZeroDivisionError, AttributeError)
# What torch refuses and we may take: formulas that torch has none for, or that keep more; writes that a copy saves;
# what torch itself calls its own mistake.
STRICTER = (
    *(
        "modified by an inplace operation",
        "derivative for",
        "detached in-place",
        "Can't detach views",
        "graph a second time",
    ),
    *(
        "ZeroTensors are immutable",
        "INTERNAL ASSERT",
        "returned an invalid gradient",
        "a single memory location",
        "narrow(): length",
    ),
    "narrow(): length",
    *("can't be cast to the desired output type Long", "the output of a function that returns multiple views"),
)


class Apart(Exception):
    """The two programs have gone apart as they may."""


class Difference(AssertionError):
    """What tensorlab does otherwise than torch, with the program that shows it."""


class SideBySide:
    """Both libraries' variables; ``lines`` is the program so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ahead: dict[tuple[str, int, int], int] = {}
        self.refused: list[str] = []  # lines that both libraries refuse
        functional = "import torch.nn.functional as F"
        self.theirs: dict[str, Any] = {"torch": torch}
        self.ours: dict[str, Any] = {"torch": tl}
        exec(functional, self.theirs)
        self.ours["F"] = tl.nn.functional

    def tensors(self) -> dict[str, Any]:
        """torch's variables."""
        return {name: v for name, v in self.theirs.items() if isinstance(v, torch.Tensor)}

    def run(self, line: str) -> bool:
        """Run one more line on both sides and compare; whether it was taken, by both.

        Raises: `Difference`.
        """
        self.lines.append(line)
        code = compile(line, "<program>", "exec")
        wanted, found = _run(code, self.theirs), _run(code, self.ours)
        if wanted is not None:
            self.check_refusal(line, wanted, found)
        elif found is not None and "more than one element of the written-to" in str(found):
            raise Apart(line)  # torch writes to some of such memory, in some order
        elif found is not None:
            raise self.difference(f"torch takes it; ours: {type(found).__name__}: {found}") from found
        try:
            _ = [b.grad_fn for b in self.tensors().values()]
        except RuntimeError:  # torch finds out only now that a view's base was written to
            raise Apart(line) from None
        self.forget_what_asks()
        self.compare(line, whole=wanted is None)
        return wanted is None

    def check_refusal(self, line: str, wanted: Exception, found: Exception | None) -> None:
        if found is None and any(words in str(wanted) for words in STRICTER):
            raise Apart(line)
        if found is not None and ("backward()" in line or ".grad(" in line):
            raise Apart(line)  # some of the leaves have their gradients by then
        if found is None:
            raise self.difference(f"torch refuses it: {type(wanted).__name__}: {wanted}")
        if not isinstance(found, tl.TensorlabError) and type(found) is not type(wanted):
            raise self.difference(f"the error is none of ours: {found!r}; torch's: {wanted!r}")
        self.refused.append(f"{type(found).__name__}: {found} | {type(wanted).__name__}: {wanted}")

    def forget_what_asks(self) -> None:
        """Drop what in torch 2.13 requires a gradient that it cannot have: views made in no_grad mode, integers."""
        for name, b in self.tensors().items():
            if not b.requires_grad or self.ours[name].requires_grad:
                continue
            if not b.is_floating_point() or (b._is_view() and b.is_leaf):
                del self.theirs[name], self.ours[name]
                self.lines.append(f"del {name}")

    def difference(self, what: str) -> Difference:
        return Difference("\n".join(["", *self.lines, f"# {what}"]))

    def compare(self, line: str, *, whole: bool) -> None:
        """All variables are alike, and share memory alike; ours then gets torch's last digits.

        What torch refuses it may have half done: the values are then torch's, not ``whole``.
        """
        theirs, ours = self.tensors(), self.ours
        homes: dict[str, tuple[int, int]] = {}
        for name, b in theirs.items():
            a = ours.get(name)
            if not isinstance(a, tl.Tensor):
                raise self.difference(f"{name}: got {type(a).__name__}, torch has a Tensor")
            # Of a new storage only counts how its version goes on: torch fills some of its results in place.
            home = a.untyped_storage().data_ptr()
            ahead = self.ahead.setdefault((name, home, b.untyped_storage().data_ptr()), a._version - b._version)
            bases = (self.name_of(a._base, ours), self.name_of(b._base, theirs))
            for what, mine, wanted in (
                ("_version", a._version - ahead, b._version),
                *([] if "" in bases else [("_base", *bases)]),
                *_facts(a, b),
            ):
                if mine != wanted:
                    raise self.difference(f"{name}.{what}: got {mine}, torch has {wanted}")
            if whole:
                self.check_values(name, a, b)
            self.check_values(f"{name}.grad", a.grad, _grad(b), gradient=True)
            if b.untyped_storage().nbytes():
                homes[name] = (a.untyped_storage().data_ptr(), b.untyped_storage().data_ptr())
        for x, (mine, wanted) in homes.items():
            for y, (mine2, wanted2) in homes.items():
                if (mine == mine2) != (wanted == wanted2):
                    raise self.difference(f"{x} and {y}: share memory {mine == mine2}, in torch {wanted == wanted2}")
        for name, b in theirs.items():
            _give_digits(ours[name], b)
            if line.startswith(f"{name} ="):
                self.check_printing(name, ours[name], b)
        for name, b in self.theirs.items():
            if isinstance(b, (bool, int, str, tuple, float)) and not name.startswith("__"):
                a, wanted = str(ours.get(name)).replace("tensorlab", "torch"), str(b)
                if a != wanted and not (isinstance(b, float) and np.isclose(float(a), b, equal_nan=True)):
                    raise self.difference(f"{name}: got {a}, torch has {wanted}")

    @staticmethod
    def name_of(base: Any, variables: dict[str, Any]) -> str | None:
        """The variable that another is a view of, if it has a name: whether there is one without is an inner matter."""
        return None if base is None else next((name for name, v in variables.items() if v is base), "")

    def check_printing(self, name: str, a: Any, b: Any) -> None:
        mine, wanted = repr(a).replace("tensorlab", "torch"), repr(b)
        if _joined(mine) != _joined(wanted):
            raise self.difference(f"{name} prints as\n{mine}\nin torch as\n{wanted}")

    def check_values(self, name: str, a: Any, b: Any, *, gradient: bool = False) -> None:
        if a is None or b is None:
            if (a is None) != (b is None):
                raise self.difference(f"{name}: got {a}, torch has {b}")
            return
        if tuple(a.shape) != tuple(b.shape) or a.dtype.name != str(b.dtype).removeprefix("torch."):
            raise self.difference(f"{name}: got {a.dtype}{list(a.shape)}, torch has {b.dtype}{list(b.shape)}")
        mine, wanted = _array(a), _array(b)
        # What went through float32 on its way back has its digits alone, whatever it is the gradient of.
        rtol, atol = ROOM.get("float32" if gradient and a.dtype is tl.float64 else a.dtype.name, (0, 0))
        with np.errstate(all="ignore"):
            sizes = np.abs(wanted.astype(np.float64))
            largest = sizes[np.isfinite(sizes)].max(initial=1.0)
            apart = np.abs(mine.astype(np.float64) - wanted)
            near = gradient & ~np.isfinite(mine) & ~np.isfinite(wanted)
            near |= (mine == wanted) | ((mine != mine) & (wanted != wanted)) | (apart <= rtol * sizes + atol * largest)
        if not near.all():
            raise self.difference(f"{name}: got\n{mine}\ntorch has\n{wanted}")


def _joined(text: str) -> str:
    """A dtype's name is longer here than there, and may be what makes a line too long.

    What nodes are called is left to the programs written by hand: torch has several names for one operation.
    """
    return re.sub(r"grad_fn=<.*?>", "grad_fn", re.sub(r",\s+(?=\w+=)", ", ", text))


def _run(code: Any, names: dict[str, Any]) -> Exception | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(code, names)
    except Exception as error:  # noqa: BLE001 - which errors are right is what is asked
        return error
    return None


def _facts(a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    facts: list[tuple[str, Any, Any]] = [
        ("dtype", f"torch.{a.dtype.name}", str(b.dtype)),
        ("shape", tuple(a.shape), tuple(b.shape)),
        ("requires_grad", a.requires_grad, b.requires_grad),
        ("is_leaf", a.is_leaf, b.is_leaf),
        ("storage_offset()", a.storage_offset(), b.storage_offset()),
        ("is_contiguous()", a.is_contiguous(), b.is_contiguous()),
    ]
    if b.numel():
        steps = [(s, t) for n, s, t in zip(b.shape, a.stride(), b.stride(), strict=False) if n != 1]
        facts.append(("stride()", [s for s, _ in steps], [t for _, t in steps]))
    return facts


def _grad(b: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of asking what is no leaf
        return b.grad


def _array(tensor: Any) -> np.ndarray:
    if isinstance(tensor, tl.Tensor):
        array = tensor.detach().numpy()
        return array.astype(np.float32) if array.dtype.itemsize == 2 and array.dtype.kind != "i" else array
    found = tensor.detach().resolve_conj().resolve_neg()
    if found._is_zerotensor():
        found = torch.zeros(found.shape, dtype=found.dtype)
    return (found.float() if found.dtype in (torch.bfloat16, torch.float16) else found).numpy()


def _give_digits(a: Any, b: Any) -> None:
    """Copy torch's bytes over ours, which are near: a last digit shall not decide the rest of the program."""
    mine, wanted = a.untyped_storage(), b.untyped_storage()
    if b.dtype.is_floating_point and mine.nbytes() == wanted.nbytes() and wanted.nbytes():
        ctypes.memmove(mine.data_ptr(), wanted.data_ptr(), wanted.nbytes())
    elif b.dtype in (torch.float32, torch.float64) and not a.storage().readonly:
        np.copyto(a.detach().numpy(), b.detach().numpy())
