"""``tensorlab.utils``: torch's name for what stands beside modules: data loading, checkpoints, DLPack."""

from tensorlab.autograd import checkpoint as checkpoint
from tensorlab.nn import data as data
from tensorlab.ops import interchange as dlpack  # `dlpack.to_dlpack` and `dlpack.from_dlpack`

__all__ = ["checkpoint", "data", "dlpack"]
