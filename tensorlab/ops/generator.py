"""Generators: where random numbers come from, and what makes them come again.

The numbers are not torch's: the distributions are the same, the streams are others. Each generator is NumPy's PCG64.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Generator as Yields
from contextlib import contextmanager
from typing import Any

import numpy as np

from tensorlab.core.device import CPU
from tensorlab.core.device import device as device_type
from tensorlab.core.dtype import uint8
from tensorlab.core.interop import borrowed
from tensorlab.core.tensor import Tensor, empty
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops.operands import as_int

_MASK = (1 << 64) - 1
_FIRST_SEED = 0x7E4507
_STATE_NBYTES = 48  # the state and the increment of 16 bytes, the seed of 8, and a half of a number that is left over


class Generator:
    """A stream of random numbers with a state of its own; threads may share it, each call draws a piece in one go.

    >>> first, second = Generator().manual_seed(3), Generator().manual_seed(3)
    >>> first.get_state().tolist() == second.get_state().tolist()
    True
    """

    __slots__ = ("_bits", "_draws", "_lock", "_seed")

    def __init__(self, device: object = None) -> None:
        if device is not None:
            device_type(str(device))
        self._lock = threading.RLock()
        self._start(_FIRST_SEED)

    @property
    def device(self) -> device_type:
        """Where the numbers are made."""
        return CPU

    def _start(self, seed: int) -> None:
        self._seed = seed & _MASK
        self._bits = np.random.PCG64(self._seed)
        self._draws = np.random.Generator(self._bits)

    def manual_seed(self, seed: int) -> Generator:
        """Start over from ``seed``; gives the generator.

        Raises: `ArgumentError` for what is no integer, `RangeError` for one of more than 64 bits.
        """
        wanted = as_int(seed, op="manual_seed", name="seed")
        if not -(2**63) <= wanted <= _MASK:
            raise RangeError(f"manual_seed: got {wanted}; takes seeds from -2**63 to 2**64 - 1")
        with self._lock:
            self._start(wanted)
        return self

    def initial_seed(self) -> int:
        """The seed that the stream began with."""
        return self._seed

    def seed(self) -> int:
        """Start over from a seed that the system's own randomness gives; gives that seed."""
        with self._lock:
            self._start(secrets.randbits(63))
            return self._seed

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor, for `set_state`."""
        with self._lock:
            state: dict[str, Any] = dict(self._bits.state)
            seed = self._seed
        words = state["state"]
        left = (int(state["uinteger"]) << 1 | int(state["has_uint32"])).to_bytes(8, "little")
        raw = words["state"].to_bytes(16, "little") + words["inc"].to_bytes(16, "little")
        result = empty(uint8, (_STATE_NBYTES,))
        borrowed(result)[...] = np.frombuffer(raw + seed.to_bytes(8, "little") + left, np.uint8)
        return result

    def set_state(self, new_state: Tensor) -> None:
        """Go on from a state that `get_state` gave.

        Raises: `ArgumentError` for what is no such state.
        """
        if not isinstance(new_state, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
            raise ArgumentError(f"set_state: argument 'new_state' takes a Tensor, got {type(new_state).__name__}")
        if new_state.dtype is not uint8 or tuple(new_state.shape) != (_STATE_NBYTES,):
            raise ArgumentError(
                f"set_state: takes a uint8 tensor of {_STATE_NBYTES} elements, as get_state gives it; got "
                f"{new_state.dtype.name} of shape {tuple(new_state.shape)}"
            )
        raw = borrowed(new_state).tobytes()
        state, inc, seed, left = (
            int.from_bytes(raw[a:b], "little") for a, b in ((0, 16), (16, 32), (32, 40), (40, 48))
        )
        with self._lock:
            self._start(seed)
            self._bits.state = {
                "bit_generator": "PCG64",
                "state": {"state": state, "inc": inc},
                "has_uint32": left & 1,
                "uinteger": left >> 1 & 0xFFFFFFFF,
            }

    def clone_state(self) -> Generator:
        """Another generator in the same state."""
        other = Generator()
        other.set_state(self.get_state())
        return other

    @contextmanager
    def drawing(self) -> Yields[np.random.Generator]:
        """NumPy's generator, nobody else's for the length of a ``with`` block."""
        with self._lock:
            yield self._draws

    def __repr__(self) -> str:
        return "<tensorlab.Generator device=cpu>"


default_generator = Generator()


def generator_argument(value: object, op: str) -> Generator:
    """The generator that is given, or the default one.

    Raises: `ArgumentError` for anything else.
    """
    if value is None:
        return default_generator
    if not isinstance(value, Generator):
        raise ArgumentError(f"{op}: argument 'generator' takes a Generator, got {type(value).__name__}")
    return value


def manual_seed(seed: int) -> Generator:
    """Start the default generator over from ``seed``; gives that generator."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator over from a seed that nobody chose; gives that seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator began with."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator go on from a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


FUNCTIONS: dict[str, Any] = {
    "Generator": Generator,
    "get_rng_state": get_rng_state,
    "initial_seed": initial_seed,
    "manual_seed": manual_seed,
    "seed": seed,
    "set_rng_state": set_rng_state,
}
