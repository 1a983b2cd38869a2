"""Conway's game of life twice: with rolled copies, and with a convolution."""

import torch
import torch.nn.functional as F

board = torch.zeros(8, 8, dtype=torch.uint8)
board[1, 2] = board[2, 3] = board[3, 1] = board[3, 2] = board[3, 3] = 1
board[6, 4:7] = 1


def rolled(cells):
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    around = sum(torch.roll(cells, s, dims=(0, 1)) for s in shifts)
    return ((around == 3) | ((cells == 1) & (around == 2))).to(cells.dtype)


def convolved(cells):
    kernel = torch.ones(1, 1, 3, 3)
    kernel[0, 0, 1, 1] = 0
    padded = F.pad(cells.float()[None, None], (1, 1, 1, 1), mode="circular")
    around = F.conv2d(padded, kernel)[0, 0].round().to(torch.uint8)
    return torch.where(cells.bool(), (around == 2) | (around == 3), around == 3).to(torch.uint8)


for step in range(6):
    after = rolled(board)
    assert torch.equal(after, convolved(board))
    board = after
    print(step, board.sum(), board.sum().item())
print(board)
for row in board.tolist():
    print("".join(".#"[c] for c in row))
print(board.nonzero())
RESULTS = {"board": board, "living": board.argwhere()}
