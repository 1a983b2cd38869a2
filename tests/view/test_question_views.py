"""What the answers of ``%ir``'s questions look like, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from question_samples import QUESTION_SAMPLES

TEXTS = [name for name in QUESTION_SAMPLES if "hostile" not in name and "long" not in name]


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str, golden: Any) -> None:
    golden.check(f"{name}.txt", QUESTION_SAMPLES[name]().text() + "\n")
