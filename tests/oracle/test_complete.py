"""Every public function has a row, or a reason to have none."""

import pytest

from oracle.families import CASES
from tensorlab.ops import families

ROWS = {c.name for c in CASES}
SECOND_NAMES = {  # the same function object as one that has a row
    *("absolute", "negative", "subtract", "true_divide", "greater", "greater_equal", "less", "less_equal"),
    "not_equal",
}
TESTED_ELSEWHERE = {
    "tests/ops/test_dtypes.py": {
        *("can_cast", "finfo", "get_default_dtype", "iinfo", "is_complex", "is_floating_point", "is_signed"),
        *("is_tensor", "numel", "promote_types", "result_type", "set_default_dtype"),
    },
    "tests/ops/test_ops_create.py": {
        *("as_tensor", "empty", "empty_like", "empty_strided", "from_dlpack", "from_numpy", "tensor", "new_empty"),
    },
    "tests/core/test_asarray.py, test_buffers.py": {"asarray", "frombuffer", "memoryview", "numpy"},
    "tests/core/test_resizing_storage.py, test_shared_memory.py": {
        *("is_shared", "resize_", "resize_as_", "share_memory_", "untyped_storage"),
    },
    "tests/ops/test_set_and_pin.py": {"is_pinned", "pin_memory", "set_"},
    "tests/ops/test_random.py": {  # random: distributions are tested
        *("Generator", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state", "bernoulli", "normal"),
        *("multinomial", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm"),
        *("exponential", "random", "uniform"),
    },
    "tests/nn": {"dropout", "dropout1d", "dropout2d", "alpha_dropout"},
    "tests/ops/test_view_forms.py": {"broadcast_shapes"},
    "tests/ops/test_ops_linear_algebra.py": {  # deprecated in torch, whose warnings are errors here; or the same under
        # another name
        *("chain_matmul", "cholesky", "qr", "svd", "pinverse", "matrix_exp", "tensorinv", "tensorsolve", "LinAlgError"),
        *("matmul", "diagonal"),
    },
    "the function that is not in place": {
        *("celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "selu_", "threshold_", "index_put_", "put_"),
    },
    "the function in nn.functional that gives both": {"max_pool1d_with_indices"},
    "a property": {"H", "T", "mH", "mT"},
    "tests/programs": {  # names beside the operations
        *(
            "typename",
            "trapz",
            "row_stack",
            "is_nonzero",
            "get_num_threads",
            "set_num_threads",
            "apply_",
            "is_cuda",
            "is_cpu",
        ),
        *(
            "is_sparse",
            "is_quantized",
            "t_",
            "transpose_",
            "squeeze_",
            "unsqueeze_",
            "swapaxes_",
            "swapdims_",
            "is_set_to",
        ),
    },
    "the function of torch that is deprecated": {"upsample"},
    "a form of fill": {"fill_", "zero_"},
}


def has_row(name: str, *spaces: str) -> bool:
    return any(f"{space}{base}" in ROWS for space in spaces for base in (name, name.rstrip("_")))


@pytest.mark.parametrize(
    ("table", "spaces"),
    [
        ("FUNCTIONS", ("", "Tensor.", "nn.functional.", "linalg.")),
        ("METHODS", ("", "Tensor.", "nn.functional.", "linalg.")),
        ("LINALG", ("linalg.",)),
        ("FUNCTIONAL", ("nn.functional.", "")),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_every_public_name_has_a_row_or_a_reason(table, spaces):
    excused = SECOND_NAMES.union(*TESTED_ELSEWHERE.values())
    names = [n for n in families.table(table) if not n.startswith("__")]
    bare = [n for n in names if not has_row(n, *spaces) and n not in excused and n.rstrip("_") not in excused]
    assert bare == []


def test_second_names_are_the_same_functions():
    functions = {**families.table("FUNCTIONAL"), **families.table("FUNCTIONS")}
    first = {id(f) for name, f in functions.items() if name not in SECOND_NAMES}
    assert [n for n in SECOND_NAMES if id(functions[n]) not in first] == []
