"""The trainable M+ model: a small Llama with one memory pool per layer.

Weights of all layers are stacked in one tensor per kind, [L, out, in], so that the optimiser makes few calls.
A memory row is a hidden state that left layer l; reading a row means norm, key and value projection, nothing else.
Rows are projected once per step and gathered into pools by index; RoPE is applied after the gather, by rank.
"""
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 2048
    d: int = 64
    layers: int = 4
    heads: int = 2
    kv_heads: int = 2
    ff: int = 160
    theta: float = 10000.0
    eps: float = 1e-5
    block_rows: int = 24        # K, rows one write adds
    pool_blocks: int = 8        # pool of 8 blocks: N = 192 rows
    bank_blocks: int = 2        # retrieved rows: R = 48
    key_dim: int = 32


def normed(x, gain, eps=1e-5):
    """RMSNorm over the last axis."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain


def rotate(x, cos, sin):
    """RoPE in the rotate-half layout; x [..., head_dim], cos and sin broadcast against it."""
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class MemoryModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        L, d, ff, dk = cfg.layers, cfg.d, cfg.ff, cfg.key_dim
        dkv = d // cfg.heads * cfg.kv_heads
        s = d ** -0.5
        new = lambda *shape, std=s: nn.Parameter(torch.randn(*shape) * std)
        self.embed = new(cfg.vocab, d, std=0.05)
        self.wq, self.wk, self.wv = new(L, d, d), new(L, dkv, d), new(L, dkv, d)
        self.wo = new(L, d, d, std=0.3 * s)
        self.wg, self.wu = new(L, ff, d), new(L, ff, d)
        self.wd = new(L, d, ff, std=0.3 * ff ** -0.5)
        self.norm_in, self.norm_post = nn.Parameter(torch.ones(L, d)), nn.Parameter(torch.ones(L, d))
        self.norm_out = nn.Parameter(torch.ones(d))
        self.bos = new(L, d, std=0.05)
        self.new_row = nn.Parameter(torch.zeros(d))         # new_memory_positional_emb
        self.q1, self.k1 = new(L, 2 * dk, d), new(L, 2 * dk, d)
        self.q2, self.k2 = new(L, dk, 2 * dk, std=(2 * dk) ** -0.5), new(L, dk, 2 * dk, std=(2 * dk) ** -0.5)
        self.probe = nn.Parameter(torch.eye(d).repeat(2, 1, 1))    # training aid, never exported
        self.taps = None                                    # set to a list to collect hidden states of layers 0 and 1
        if cfg.heads == cfg.kv_heads:
            self.start_as_copier()
        half = d // cfg.heads // 2
        inv = cfg.theta ** (-torch.arange(half).float() / half)
        angle = torch.arange(1024).float()[:, None] * inv
        self.register_buffer("cos", torch.cat([angle.cos()] * 2, -1), persistent=False)
        self.register_buffer("sin", torch.cat([angle.sin()] * 2, -1), persistent=False)

    @torch.no_grad()
    def start_as_copier(self):
        """Initialise so that layer 0 averages its context, later layers attend to similar rows (W_k = W_q) and move
        what they find unchanged (W_o proportional to W_v transposed), where the tied head can read it."""
        for l in range(self.cfg.layers):
            self.wv[l] = torch.linalg.qr(torch.randn(self.cfg.d, self.cfg.d))[0]
            self.wo[l] = 0.4 * self.wv[l].t()
            self.wq[l] *= 0.3 if l == 0 else 0.8
            self.wk[l] = self.wk[l] * 0.3 if l == 0 else self.wq[l]

    # ---- shared pieces ----

    def split(self, x):
        """[..., heads * head_dim] -> [..., heads, head_dim]"""
        return x.view(*x.shape[:-1], -1, self.cfg.d // self.cfg.heads)

    def project_rows(self, l, rows):
        """Un-rotated key and value of rows [..., d] -> two of [..., heads, head_dim]; grouped heads are repeated."""
        z = normed(rows, self.norm_in[l])
        k, v = self.split(F.linear(z, self.wk[l])), self.split(F.linear(z, self.wv[l]))
        g = self.cfg.heads // self.cfg.kv_heads
        return (k, v) if g == 1 else (k.repeat_interleave(g, -2), v.repeat_interleave(g, -2))

    def at(self, x, start):
        """Rotate x [..., T, heads, head_dim] for positions start, start+1, ..."""
        T = x.shape[-3]
        return rotate(x, self.cos[start:start + T, None], self.sin[start:start + T, None])

    def mlp(self, l, h):
        z = normed(h, self.norm_post[l])
        return h + F.linear(F.silu(F.linear(z, self.wg[l])) * F.linear(z, self.wu[l]), self.wd[l])

    def tap(self, l, h):
        if self.taps is not None and l < 2:
            self.taps.append(h)

    def logits(self, h):
        return F.linear(normed(h, self.norm_out), self.embed)

    # ---- write ----

    def write(self, ids, prefix, K):
        """Inject chunks ids [B, n]; prefix [L, B, K, d] newest rows of each pool, or None for no memory (then n >= K).

        Returns the new block [L, B, K, d] (raw layer outputs of the last K rows)."""
        B, n = ids.shape
        h = self.embed[ids]
        before = 1 + (0 if prefix is None else prefix.shape[2])
        T = before + n
        P = min(before, T - K)                      # first query row
        mark = torch.zeros(T, 1)
        mark[-K:] = 1
        hidden = torch.full((T - P, T), -1e9).triu(P + 1)
        blocks = []
        for l in range(self.cfg.layers):
            parts = [self.bos[l].expand(B, 1, -1)] + ([] if prefix is None else [prefix[l]]) + [h]
            x = torch.cat(parts, 1) + mark * self.new_row
            k, v = self.project_rows(l, x)
            x = x[:, P:]
            q = self.at(self.split(F.linear(normed(x, self.norm_in[l]), self.wq[l])), P)
            score = q.transpose(1, 2) @ self.at(k, 0).permute(0, 2, 3, 1) * q.shape[-1] ** -0.5 + hidden
            o = torch.softmax(score, -1) @ v.transpose(1, 2)
            y = self.mlp(l, x + F.linear(o.transpose(1, 2).reshape(x.shape), self.wo[l]))
            blocks.append(y[:, -K:])
            h = y[:, -n:]
            self.tap(l, h)
        return torch.stack(blocks)

    # ---- read ----

    def read(self, ids, rows, pool, retrieve=None):
        """Read texts ids [G, r, T]; the r texts of a group share one pool.

        rows [L, M, d]; pool [L, G, N] row indices, oldest first; retrieve(l, h [G*r, T, d]) -> [G*r, R] row indices
        (oldest first) placed before the pool, or None.  Returns the hidden states [G*r, T, d] after the last layer."""
        G, r, T = ids.shape
        h = self.embed[ids.view(G * r, T)]
        hd = self.cfg.d // self.cfg.heads
        causal = torch.full((T, T), -1e9).triu(1)
        for l in range(self.cfg.layers):
            bank = retrieve(l, h) if retrieve else None
            R = 0 if bank is None else bank.shape[1]
            N = pool.shape[2]
            text = 1 + R + N
            rk, rv = self.project_rows(l, rows[l])
            q = self.at(self.split(F.linear(normed(h, self.norm_in[l]), self.wq[l])), text) * hd ** -0.5
            k, v = self.project_rows(l, h)
            qh = q.transpose(1, 2)                                          # [G*r, H, T, hd]
            # pool part, shared by the texts of a group
            pk, pv = self.at(rk[pool[l]], 1 + R).permute(0, 2, 3, 1), rv[pool[l]].transpose(1, 2)
            qg = q.view(G, r * T, -1, hd).transpose(1, 2)                   # [G, H, r*T, hd]
            ungroup = lambda x: x.view(G, -1, r, T, x.shape[-1]).transpose(1, 2).reshape(G * r, -1, T, x.shape[-1])
            bk, bv = self.project_rows(l, self.bos[l])                      # [H, hd], position 0: no rotation
            scores = [(qh * bk[None, :, None]).sum(-1, keepdim=True)]
            if R:
                ek = self.at(rk[bank], 1).permute(0, 2, 3, 1)
                ev = rv[bank].transpose(1, 2)
                scores.append(qh @ ek)
            scores.append(ungroup(qg @ pk))
            scores.append(qh @ self.at(k, text).permute(0, 2, 3, 1) + causal)
            p = torch.softmax(torch.cat(scores, -1), -1)
            o = p[..., :1] * bv[None, :, None] + p[..., text:] @ v.transpose(1, 2)
            if R:
                o = o + p[..., 1:1 + R] @ ev
            pg = p[..., 1 + R:text].view(G, r, -1, T, N).transpose(1, 2).reshape(G, -1, r * T, N)
            o = o + ungroup(pg @ pv)
            h = self.mlp(l, h + F.linear(o.transpose(1, 2).reshape(h.shape), self.wo[l]))
            self.tap(l, h)
        return h

    # ---- retrieval ----

    def queries(self, l, h):
        """Retrieval queries of text rows, [..., d] -> [..., key_dim]; the trunk gets no gradient from them."""
        z = normed(h.detach(), self.norm_in[l].detach())
        return F.linear(F.silu(F.linear(z, self.q1[l])), self.q2[l])

    def keys(self, l, rows):
        z = normed(rows.detach(), self.norm_in[l].detach())
        return F.linear(F.silu(F.linear(z, self.k1[l])), self.k2[l])


def save(path, model, **extra):
    torch.save(dict(config=asdict(model.cfg), state=model.state_dict(), **extra), path)


def load(path):
    """Returns (model, everything else that was saved)."""
    data = torch.load(path)
    model = MemoryModel(Config(**data.pop("config")))
    model.load_state_dict(data.pop("state"))
    return model, data
