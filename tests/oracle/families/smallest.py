"""The first rows, of what every other family builds on."""

from oracle.case import ALL, Case, binary_samples

CASES = (
    Case("add", binary_samples, dtypes=ALL, inplace=True),
    Case("mul", binary_samples, dtypes=ALL, inplace=True),
)
