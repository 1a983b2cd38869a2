"""Models: a residual network for images, and a small classifier of digits."""

from tensorlab.nn.models.digits import DigitsClassifier as DigitsClassifier
from tensorlab.nn.models.resnet import BasicBlock as BasicBlock
from tensorlab.nn.models.resnet import ResNet as ResNet
from tensorlab.nn.models.resnet import resnet18 as resnet18
from tensorlab.nn.models.resnet import resnet34 as resnet34
