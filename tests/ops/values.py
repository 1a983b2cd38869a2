"""Values that ops are tried on."""

import numpy as np

DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")
FLOATS = ("float32", "float64")


def samples(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Values of a dtype: special ones first, then random ones of all sizes."""
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return generator.random(shape) < 0.5
    if dtype in FLOATS:
        special = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.5, np.inf, -np.inf, np.nan, 1e-30, 100.0, -100.0]
        values = generator.standard_normal(shape) * 10.0 ** generator.integers(-2, 3, shape)
    else:
        info = np.iinfo(dtype)
        special = [0, 1, 2, 3, 7, info.max, info.min, info.max - 1]
        values = generator.integers(max(info.min, -50), 50, shape)
    array = np.asarray(values, dtype=dtype)
    count = min(array.size // 2, len(special))
    array.reshape(-1)[:count] = special[:count]
    return array
