"""Optimisers and schedules of their learning rates, under torch's names."""

from tensorlab.nn.optim import lr_scheduler as lr_scheduler
from tensorlab.nn.optim.adam import Adam as Adam
from tensorlab.nn.optim.adam import AdamW as AdamW
from tensorlab.nn.optim.optimizer import Optimizer as Optimizer
from tensorlab.nn.optim.optimizer import required as required
from tensorlab.nn.optim.rmsprop import Adagrad as Adagrad
from tensorlab.nn.optim.rmsprop import RMSprop as RMSprop
from tensorlab.nn.optim.sgd import SGD as SGD
