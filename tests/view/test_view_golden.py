"""What views look like, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from view_samples import SAMPLES

TEXTS = [
    "life",
    "life_gone",
    "life_unrolled",
    "line",
    "why_not",
    "why_not_value",
    "why_not_vectorize",
    "storage",
    "grid",
    "why",
    "why_stuck",
    "watch",
    "watch_error",
    "grid_cube",
    "grid_large",
    "graph",
    "graph_talk",
    "stage",
    "trace",
    "passes",
    "passes_all",
    "passes_one",
    "batching",
    "batching_served",
    "ast",
    "ast_function",
    "tokens",
    "phases_line",
    "doctor",
    "overview",
]
PAGES = ["storage", "graph", "stage", "passes_one"]


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str, golden: Any) -> None:
    golden.check(f"{name}.txt", SAMPLES[name]().text() + "\n")


@pytest.mark.parametrize("name", PAGES)
def test_html(name: str, golden: Any) -> None:
    golden.check(f"{name}.html", SAMPLES[name]().html().replace("><", ">\n<") + "\n")
