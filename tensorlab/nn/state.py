"""A module's state: its tensors by dotted name, out and in again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tensorlab.autograd import Tensor, no_grad
from tensorlab.errors import ArgumentError, StateError
from tensorlab.nn.parameter import Parameter

if TYPE_CHECKING:
    from tensorlab.nn.module import Module


class KeyDifference(NamedTuple):
    """What loading a state gives: keys of the module that it lacks, and keys that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def entries(module: Module, prefix: str) -> list[tuple[Module, str, str, Tensor]]:
    """Module, table, name and tensor of each entry of a state, with its dotted name."""
    found: list[Any] = []
    for path, part in module.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
        for table in ("_parameters", "_buffers"):
            for name, value in part.__dict__[table].items():
                if value is not None and not (
                    table == "_buffers" and name in part.__dict__["_non_persistent_buffers_set"]
                ):
                    found.append((part, table, f"{path}.{name}" if path else name, value))
    return found


def save(module: Module, *, prefix: str, keep_vars: bool) -> OrderedDict[str, Tensor]:
    """The state of a module."""
    return OrderedDict((key, value if keep_vars else value.detach()) for _, _, key, value in entries(module, prefix))


def load(module: Module, state: Mapping[str, Tensor], *, strict: bool, assign: bool) -> KeyDifference:
    """Bring a state into a module; every check comes before the first copy.

    Raises: `ArgumentError` for what is no mapping, `StateError` with all that is wrong.
    """
    if not isinstance(state, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"Expected state_dict to be dict-like, got {type(state)}.")
    own = entries(module, "")
    known = {key for _, _, key, _ in own}
    difference = KeyDifference(
        [key for _, _, key, _ in own if key not in state], [key for key in state if key not in known]
    )
    wrong: list[str] = []
    if strict and difference.missing_keys:
        wrong.append(f"Missing key(s) in state_dict: {_quoted(difference.missing_keys)}. ")
    if strict and difference.unexpected_keys:
        wrong.append(f"Unexpected key(s) in state_dict: {_quoted(difference.unexpected_keys)}. ")
    for _, _, key, value in own:
        if key not in state:
            continue
        given = state[key]
        if not isinstance(given, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            wrong.append(
                f'While copying the parameter named "{key}", expected tensorlab.Tensor or Tensor-like object from '
                f"checkpoint but received {type(given)}"
            )
        elif not _fits(given, value):
            wrong.append(
                f"size mismatch for {key}: copying a param with shape {given.shape!r} from checkpoint, the shape in "
                f"current model is {value.shape!r}."
            )
    if wrong:
        raise StateError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(wrong))
    with no_grad():
        for part, table, key, value in own:
            if key in state:
                _bring(part, table, key.rpartition(".")[2], value, state[key], assign=assign)
    return difference


def _bring(part: Module, table: str, name: str, value: Tensor, given: Tensor, *, assign: bool) -> None:
    fitting = given if given.shape == value.shape else given[0]
    if not assign:
        value.copy_(fitting)
    elif table == "_buffers":
        part.__dict__[table][name] = fitting
    elif isinstance(fitting, Parameter):
        part.__dict__[table][name] = fitting.requires_grad_(value.requires_grad)
    else:
        part.__dict__[table][name] = Parameter(fitting, requires_grad=value.requires_grad)


def _fits(given: Tensor, value: Tensor) -> bool:
    """Whether a tensor can become an entry; a vector of one stands for a number, as in torch's old states."""
    return given.shape == value.shape or (not value.shape and tuple(given.shape) == (1,))


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
