"""The most likely sequences under a table of transitions, kept in a beam."""

import torch

states, beam, length = 6, 3, 4
logits = torch.sin(torch.arange(states * states, dtype=torch.float32) * 2.1).view(states, states)
transitions = torch.log_softmax(logits, dim=-1)
first = torch.log_softmax(torch.cos(torch.arange(states, dtype=torch.float32)), dim=0)

scores, state = first.topk(beam)
sequences = state.unsqueeze(1)
for _ in range(length - 1):
    candidates = scores.unsqueeze(1) + transitions[sequences[:, -1]]
    scores, flat = candidates.flatten().topk(beam)
    parent = torch.div(flat, states, rounding_mode="floor")
    token = flat % states
    sequences = torch.cat([sequences.index_select(0, parent), token.unsqueeze(1)], dim=1)
    print(sequences.tolist(), scores)

chosen = transitions.gather(1, transitions.argmax(dim=1, keepdim=True)).squeeze(1)
print(chosen)
pairs = transitions[sequences[:, :-1], sequences[:, 1:]].sum(1) + first[sequences[:, 0]]
print(torch.allclose(pairs, scores))
likely = torch.logsumexp(first.unsqueeze(1) + transitions, dim=0)
print(likely.exp().sum())
RESULTS = {"sequences": sequences, "scores": scores, "likely": likely}
