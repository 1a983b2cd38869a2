"""``tensorlab.utils``: torch's name for what stands beside modules: data loading, and checkpoints."""

from tensorlab.autograd import checkpoint as checkpoint
from tensorlab.nn import data as data
