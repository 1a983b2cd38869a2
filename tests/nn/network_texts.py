"""Programs written for torch, as text: each is run once with torch and once with tensorlab under that name.

Each defines ``model()``, ``batch(k)`` (NumPy arrays), and ``loss(net, *arrays)``.
"""

CNN = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.drop = nn.Dropout(p=0.0)
        self.fc1 = nn.Linear(8 * 3 * 3, 16)
        self.fc2 = nn.Linear(16, 5)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv1(x))))
        x = F.relu(self.conv2(x))
        x = F.avg_pool2d(x, 1)
        x = x.view(x.size(0), -1)
        x = self.drop(torch.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)

def model():
    return Net()

def batch(k):
    rng = np.random.default_rng(k)
    return rng.standard_normal((6, 1, 10, 10)), rng.integers(0, 5, 6)

def loss(net, x, y):
    return F.nll_loss(net(torch.tensor(x)), torch.tensor(y))
"""

RESIDUAL = """
from torch import nn

class Block(nn.Module):
    def __init__(self, width, factor=2, *, scale=True):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Sequential(nn.Linear(width, factor * width), nn.GELU(), nn.Linear(factor * width, width))
        if scale:
            self.scale = nn.Parameter(0.5 * torch.ones(width))
        else:
            self.register_parameter("scale", None)
        self.register_buffer("shift", torch.zeros(width))

    def forward(self, x):
        y = self.inner(self.norm(x)) + self.shift
        return x + (y if self.scale is None else self.scale * y)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(7, 12)
        self.blocks = nn.ModuleList([Block(12, scale=i != 1) for i in range(3)])
        self.heads = nn.ModuleDict({"a": nn.Linear(12, 3), "b": nn.Linear(12, 1)})

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return {name: head(x) for name, head in self.heads.items()}

def model():
    return Net()

def batch(k):
    rng = np.random.default_rng(k)
    return rng.standard_normal((9, 7)), rng.integers(0, 3, 9), rng.standard_normal((9, 1))

def loss(net, x, y, z):
    out = net(torch.from_numpy(x))
    first = nn.CrossEntropyLoss(label_smoothing=0.1)(out["a"], torch.from_numpy(y))
    return first + 0.5 * nn.MSELoss()(out["b"], torch.from_numpy(z))
"""

CHARACTERS = """
from torch import nn

class CharLSTM(nn.Module):
    def __init__(self, vocabulary, size, hidden):
        super().__init__()
        self.hidden_size = hidden
        self.embedding = nn.Embedding(vocabulary, size, padding_idx=0)
        self.lstm = nn.LSTM(size, hidden, num_layers=2, batch_first=True)
        self.out = nn.Linear(hidden, vocabulary)

    def init_hidden(self, count):
        weight = next(self.parameters()).data
        return (weight.new_zeros(2, count, self.hidden_size), weight.new_zeros(2, count, self.hidden_size))

    def forward(self, x, state=None):
        if state is None:
            state = self.init_hidden(x.size(0))
        y, state = self.lstm(self.embedding(x), state)
        y = y.contiguous().view(-1, self.hidden_size)
        return self.out(y), tuple(s.detach() for s in state)

text = "the quick brown fox jumps over the lazy dog. " * 3
letters = sorted(set(text))
numbers = np.array([letters.index(c) for c in text])

def model():
    return CharLSTM(len(letters), 6, 8)

def batch(k):
    starts = [k, k + 11, k + 23]
    x = np.stack([numbers[s : s + 12] for s in starts])
    y = np.stack([numbers[s + 1 : s + 13] for s in starts])
    return x, y

def loss(net, x, y):
    logits, state = net(torch.as_tensor(x))
    again, _ = net(torch.as_tensor(y), state)
    targets = torch.as_tensor(y).reshape(-1)
    return nn.functional.cross_entropy(logits, targets) + again.pow(2).mean() * 0.01
"""

TRANSFORMER = """
import math
import torch.nn as nn

class Positions(nn.Module):
    def __init__(self, d_model, max_len=32):
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe, persistent=False)

    def forward(self, x):
        return x + self.pe[:, : x.size(1)]

class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.positions = Positions(8)
        layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 4)
        self.cls = nn.Parameter(torch.zeros(1, 1, 8))
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight)
            if m.bias is not None:
                nn.init.zeros_(m.bias)

    def forward(self, x):
        mask = x == 0
        h = self.positions(self.embed(x) * math.sqrt(8))
        h = torch.cat([self.cls.expand(x.shape[0], -1, -1), h], dim=1)
        mask = torch.cat([torch.zeros(x.shape[0], 1, dtype=torch.bool), mask], dim=1)
        h = self.encoder(h, src_key_padding_mask=mask)
        return self.head(h[:, 0])

def model():
    return Classifier()

def batch(k):
    rng = np.random.default_rng(k)
    x = rng.integers(1, 20, (5, 9))
    x[1, 6:] = 0
    x[3, 4:] = 0
    return x, rng.integers(0, 4, 5)

def loss(net, x, y):
    return nn.functional.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y))
"""

PROGRAMS = {"cnn": CNN, "residual": RESIDUAL, "characters": CHARACTERS, "transformer": TRANSFORMER}
