"""Muon for the stacked layer matrices, Adam for everything else."""
import torch


def orthogonal(g, rounds=5):
    """Nearest semi-orthogonal matrices of a stack [L, out, in], by Newton-Schulz iterations."""
    x = g / (g.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    for _ in range(rounds):
        a = x @ x.transpose(1, 2)
        x = 3.4445 * x + (2.0315 * a @ a - 4.775 * a) @ x
    return x.transpose(1, 2) if tall else x


class Optimizer:
    """One step is clip, then Muon (3-D parameters) or Adam (others); learning rates are given per step."""

    def __init__(self, model, matrix_lr, other_lr):
        self.params = dict(model.named_parameters())
        self.matrix_lr, self.other_lr = matrix_lr, other_lr
        self.state, self.count = {}, 0

    @torch.no_grad()
    def step(self, scale, clip=1.0):
        self.count += 1
        grads = {n: p.grad for n, p in self.params.items() if p.grad is not None}
        norm = sum(g.pow(2).sum() for g in grads.values()).sqrt().item()
        shrink = min(1.0, clip / (norm + 1e-6))
        for name, g in grads.items():
            update = self.muon if g.dim() == 3 else self.adam
            update(name, self.params[name], g * shrink, scale)
            self.params[name].grad = None
        return norm

    def slot(self, name, kind, like):
        return self.state.setdefault(name + ":" + kind, torch.zeros_like(like))

    def muon(self, name, p, g, scale):
        m = self.slot(name, "m", p).mul_(0.95).add_(g)
        u = orthogonal(g + 0.95 * m)
        p.add_(u, alpha=-self.matrix_lr * scale * max(1.0, p.shape[1] / p.shape[2]) ** 0.5)

    def adam(self, name, p, g, scale):
        m = self.slot(name, "m", p).lerp_(g, 0.1)
        v = self.slot(name, "v", p).lerp_(g * g, 0.02)
        m, v = m / (1 - 0.9 ** self.count), v / (1 - 0.98 ** self.count)
        p.addcdiv_(m, v.sqrt() + 1e-8, value=-self.other_lr * scale)
