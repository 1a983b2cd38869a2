"""Every layer with torch's weights gives torch's results, gradients and buffers."""

import pytest
from layer_cases import ROWS
from torch_twin import pair, same_run

EACH = [(r, dtype, train) for r in ROWS for dtype in r.dtypes for train in r.train]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch's advice on speed
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")  # torch's advice on another reduction
@pytest.mark.parametrize(
    ("case", "dtype", "train"), EACH, ids=[f"{r.id}-{d}-{'train' if t else 'eval'}" for r, d, t in EACH]
)
def test_a_layer_is_as_in_torch(case, dtype, train):
    ours, theirs = pair(case.build, dtype, train=train)
    for name, value in theirs.state_dict().items():
        assert tuple(ours.state_dict()[name].shape) == tuple(value.shape)
    same_run(ours, theirs, case.inputs, dtype)
