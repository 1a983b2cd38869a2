"""What goes wrong around a tour: an image, a notebook or a report that cannot be used, a cell that fails."""

from __future__ import annotations

from tensorlab.errors import TensorlabError


class TourInputError(TensorlabError, ValueError):
    """Something the user named that cannot be used; found before anything runs."""


class TourError(TensorlabError, RuntimeError):
    """A tour that started and did not reach its end."""
