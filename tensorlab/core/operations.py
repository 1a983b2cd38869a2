"""All that ops give to Tensor, as type checkers see it; at run time `tensorlab.ops.methods` installs it."""

from __future__ import annotations

from tensorlab.core.signatures.in_place import InPlace
from tensorlab.core.signatures.methods import Methods
from tensorlab.core.signatures.operators import Operators


class Operations(Methods, InPlace, Operators):
    """Signatures alone."""
