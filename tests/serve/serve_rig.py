"""What the tests of serving share: small models, rows, and a gate that holds a call."""

import threading
import time

import numpy as np

from tensorlab.serve import ServedModel, TensorSpec

WAIT_SECONDS = 30.0  # bounds of waits that end far sooner when all is well


class Gate:
    """Holds a model's calls until opened, so that a test decides what waits while a batch runs."""

    def __init__(self):
        self._opened = threading.Event()
        self._entered = threading.Semaphore(0)

    def pass_through(self):
        self._entered.release()
        if not self._opened.wait(WAIT_SECONDS):
            raise TimeoutError("the test never opened the gate")

    def wait_entered(self):
        assert self._entered.acquire(timeout=WAIT_SECONDS), "no call of the model began"

    def open(self):
        self._opened.set()


def until(condition):
    """Wait for something that another thread brings about."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.001)


def row_model(run=None, *, name="double", width=2, datatype="FP32", **options):
    """A batching model over rows; doubles them unless told otherwise."""
    spec_in, spec_out = TensorSpec("x", datatype, (-1, width)), TensorSpec("y", datatype, (-1, width))
    options.setdefault("max_batch_size", 8)
    return ServedModel(name, (spec_in,), (spec_out,), run or (lambda arrays: [2 * arrays[0]]), **options)


def rows(*values, width=2, dtype=np.float32):
    """One row a value, each the value repeated."""
    return np.repeat(np.array(values, dtype)[:, None], width, axis=1)
