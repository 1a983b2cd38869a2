"""The classifier of digits learns scikit-learn's digits, with a progress bar."""

from __future__ import annotations

import io

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.nn.training import accuracy, fit

ROUNDS = 8


def _digits():
    """Images and labels, for training and held out: every fifth of them."""
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    digits = sklearn_datasets.load_digits()
    images = tl.tensor((digits.images / 16).astype(np.float32)).unsqueeze(1)
    labels = tl.tensor(digits.target.astype(np.int64))
    order = tl.randperm(len(labels), generator=tl.Generator().manual_seed(0))
    parts = order[order % 5 != 0], order[order % 5 == 0]
    return [tl.utils.data.TensorDataset(images[part], labels[part]) for part in parts]


def test_digits_are_learnt() -> None:
    """At least 97 % of the images that training never saw."""
    threadpoolctl = pytest.importorskip("threadpoolctl")  # scikit-learn brings it
    training, held_out = _digits()
    tl.manual_seed(0)
    model = tl.nn.models.DigitsClassifier()
    optimizer = tl.optim.Adam(model.parameters(), lr=5e-3)
    loader = tl.utils.data.DataLoader(training, batch_size=64, shuffle=True)
    test = tl.utils.data.DataLoader(held_out, batch_size=64)
    shown = io.StringIO()
    with threadpoolctl.threadpool_limits(1):  # threads of BLAS wait for one another where cores are shared
        history = fit(
            model,
            loader,
            optimizer,
            tl.nn.CrossEntropyLoss(),
            ROUNDS,
            scheduler=tl.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS),
            measure=lambda m: accuracy(m, test),
            stream=shown,
        )
    last = history.epochs[-1]
    assert last.measured is not None
    assert last.measured >= 0.97
    assert last.loss < 0.2 * history.epochs[0].loss
    assert last.samples == len(training)
    lines = shown.getvalue().splitlines()
    assert len(lines) == ROUNDS
    assert lines[-1].startswith(f"epoch {ROUNDS}/{ROUNDS}  [{'=' * 24}]  23/23  loss 0.0")
