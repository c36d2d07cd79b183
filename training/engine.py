"""The deployed procedure in plain PyTorch, one sequence at a time, straight from model.safetensors.

Deliberately independent of model.py: it reads the exported tensors by their published names, so that a mistake in the
export shows up as lost accuracy.  Used for the genesis memory, the evaluation and the parity files.
"""
import copy
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from bpe import Tokenizer
from tensors import read_tensors


class Memory:
    """State of one user: the pool, the long-term bank and the rows staged for it.

    pool [L, N, d], pool_ages [L, N]; per layer: bank rows, keys, ages, life; staged rows, keys, ages."""

    def __init__(self, pool, bank, keys, life, ages, pool_ages):
        self.pool, self.pool_ages = pool, pool_ages
        self.bank, self.keys, self.life, self.ages = bank, keys, life, ages
        empty = lambda rows: rows[:0].clone()
        self.staged = [empty(x) for x in bank]
        self.staged_keys = [empty(x) for x in keys]
        self.staged_ages = [empty(x) for x in ages]
        self.since_merge = 0

    def fork(self):
        return copy.deepcopy(self)


class Engine:
    def __init__(self, folder, age_mode="since_write"):
        """age_mode: since_write (a row ages with every write) or since_drop (the public code: only after its drop)."""
        self.config = c = json.load(open(os.path.join(folder, "config.json")))
        self.tok = Tokenizer.load(os.path.join(folder, "tokenizer.json"))
        self.w = {n: torch.tensor(t) for n, t in read_tensors(os.path.join(folder, "model.safetensors")).items()}
        self.since_write = age_mode == "since_write"
        self.L, self.d, self.K = c["num_hidden_layers"], c["hidden_size"], c["num_tokens"]
        self.heads, self.kv = c["num_attention_heads"], c["num_key_value_heads"]
        self.hd = self.d // self.heads
        self.N = (c["num_blocks"] - c["num_ltm_blocks"]) * self.K
        self.R = c.get("num_retrieved_tokens", c["num_ltm_blocks"] * self.K)
        self.inv_freq = c["rope_theta"] ** (-torch.arange(0, self.hd, 2).float() / self.hd)
        self.head = self.w.get("lm_head.weight", self.w["model.embed_tokens.weight"])

    # ---- the network ----

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"]) * self.w[name]

    def layer_weight(self, l, name):
        return self.w["model.layers.%d.%s.weight" % (l, name)]

    def norm_in(self, l, x):
        return self.norm(x, "model.layers.%d.input_layernorm.weight" % l)

    def rope(self, x, start):
        """x [T, heads, hd] at positions start, start + 1, ..."""
        angle = torch.arange(start, start + x.shape[0]).float()[:, None] * self.inv_freq
        cos, sin = torch.cat([angle.cos()] * 2, -1)[:, None], torch.cat([angle.sin()] * 2, -1)[:, None]
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat([-b, a], -1) * sin

    def layer(self, l, x, first, cache=None):
        """Layer l on input rows x [T, d]; rows from `first` on are queries.  Returns their outputs [T - first, d].

        `cache` (key, value) of earlier rows is put before the rows of x; the extended pair is returned in self.cache."""
        z = self.norm_in(l, x)
        past = 0 if cache is None else cache[0].shape[0]
        k = self.rope((z @ self.layer_weight(l, "self_attn.k_proj").t()).view(-1, self.kv, self.hd), past)
        v = (z @ self.layer_weight(l, "self_attn.v_proj").t()).view(-1, self.kv, self.hd)
        if cache is not None:
            k, v = torch.cat([cache[0], k]), torch.cat([cache[1], v])
        self.cache = (k, v)
        q = self.rope((z[first:] @ self.layer_weight(l, "self_attn.q_proj").t()).view(-1, self.heads, self.hd), past + first)
        g = self.heads // self.kv
        k, v = k.repeat_interleave(g, 1), v.repeat_interleave(g, 1)
        score = torch.einsum("qhe,khe->hqk", q, k) * self.hd ** -0.5
        score = score + torch.full(score.shape[1:], float("-inf")).triu(past + first + 1)
        o = torch.einsum("hqk,khe->qhe", torch.softmax(score, -1), v).reshape(-1, self.d)
        y = x[first:] + o @ self.layer_weight(l, "self_attn.o_proj").t()
        z = self.norm(y, "model.layers.%d.post_attention_layernorm.weight" % l)
        gate = F.silu(z @ self.layer_weight(l, "mlp.gate_proj").t()) * (z @ self.layer_weight(l, "mlp.up_proj").t())
        return y + gate @ self.layer_weight(l, "mlp.down_proj").t()

    def project(self, l, kind, rows):
        """Retrieval key or query (kind key_proj or query_proj) of rows [.., d]."""
        z = self.norm_in(l, rows)
        return F.silu(z @ self.layer_weight(l, "self_attn.%s.0" % kind).t()) @ self.layer_weight(l, "self_attn.%s.2" % kind).t()

    # ---- memory ----

    def genesis(self):
        """A fresh memory as the checkpoint ships it."""
        w, rank = self.w, torch.arange(self.N - 1, -1, -1).repeat(self.L, 1)
        per_layer = lambda name: [w["%s.%d" % (name, l)].clone() for l in range(self.L)]
        return Memory(w["memory"].clone(), per_layer("ltm"), per_layer("ltm_keys"), per_layer("ltm_recall_frequencies"),
                      [a.long() for a in per_layer("ltm_ages")], rank if self.since_write else torch.zeros_like(rank))

    @torch.no_grad()
    def encode(self, ids, newest):
        """The block [L, K, d] a chunk produces on top of the newest pool rows [L, K, d]."""
        h = self.w["model.embed_tokens.weight"][torch.tensor(ids)]
        n, K = len(ids), self.K
        block = []
        for l in range(self.L):
            x = torch.cat([self.w["bos_embedding"][l], newest[l], h])
            T = x.shape[0]
            x[T - K:] += self.w["new_memory_positional_emb"][0, 0]
            y = self.layer(l, x, min(1 + K, T - K))
            block.append(y[-K:])
            h = y[-n:]
        return torch.stack(block)

    @torch.no_grad()
    def inject(self, mem, ids, generator=None, perms=None):
        """Write one chunk.  The drop is drawn from `generator` (numpy) unless `perms` [L, N] gives it."""
        K, N = self.K, self.N
        block = self.encode(ids, mem.pool[:, N - K:])
        if self.since_write:
            mem.pool_ages += K
        fresh = torch.arange(K - 1, -1, -1)
        for l in range(self.L):
            perm = perms[l] if perms is not None else generator.permutation(N)
            keep, drop = (torch.tensor(np.sort(p)) for p in (perm[:N - K], perm[N - K:]))
            gone, gone_ages = mem.pool[l][drop], mem.pool_ages[l][drop]
            mem.pool[l] = torch.cat([mem.pool[l][keep], block[l]])
            mem.pool_ages[l] = torch.cat([mem.pool_ages[l][keep], fresh])
            mem.ages[l] = mem.ages[l] + K
            mem.staged[l] = torch.cat([mem.staged[l], gone])
            mem.staged_keys[l] = torch.cat([mem.staged_keys[l], self.project(l, "key_proj", gone)])
            mem.staged_ages[l] = torch.cat([mem.staged_ages[l] + K, gone_ages])
        mem.since_merge += K
        if mem.since_merge >= self.config["update_ltm_frequency"] * K:
            self.merge(mem)
        return block

    def merge(self, mem):
        """Move the stage into the bank; rows whose life has run out leave unless too few would remain."""
        c = self.config
        for l in range(self.L):
            born = torch.full((len(mem.staged[l]),), float(c["initial_rf_when_moving_stm_to_ltm"]))
            mem.bank[l], mem.staged[l] = torch.cat([mem.bank[l], mem.staged[l]]), mem.staged[l][:0]
            mem.keys[l], mem.staged_keys[l] = torch.cat([mem.keys[l], mem.staged_keys[l]]), mem.staged_keys[l][:0]
            mem.ages[l], mem.staged_ages[l] = torch.cat([mem.ages[l], mem.staged_ages[l]]), mem.staged_ages[l][:0]
            life = torch.cat([mem.life[l], born.to(mem.life[l].dtype)])
            left = life - c["decay_frequency"]
            alive = left > 0.01
            if alive.sum() > self.R:
                mem.bank[l], mem.keys[l], mem.ages[l], life = mem.bank[l][alive], mem.keys[l][alive], mem.ages[l][alive], left[alive]
            mem.life[l] = life
        mem.since_merge = 0

    def retrieve(self, mem, l, h):
        """Rows [R, d] for layer l, oldest first, with the scores [S] and the chosen order [R]."""
        q = self.project(l, "query_proj", h)
        score = torch.sigmoid(q @ torch.cat([mem.keys[l], mem.staged_keys[l]]).t()).mean(0)
        chosen = score.topk(min(self.R, len(score))).indices.sort().values
        age = torch.cat([mem.ages[l], mem.staged_ages[l]])[chosen]
        order = chosen[self.by_age(age)]
        return torch.cat([mem.bank[l], mem.staged[l]])[order], score, order

    def by_age(self, age):
        """Largest age first; ties in order of insertion (since_write) or reversed, as the public code has them."""
        a = age.numpy()
        return torch.tensor(np.argsort(-a, kind="stable") if self.since_write else np.argsort(a, kind="stable")[::-1].copy())

    # ---- reading ----

    @torch.no_grad()
    def prefill(self, mem, ids, bank=True, record=None):
        """Read a prompt.  Returns (logits [n, vocab], per-layer cache); `record` (a dict) receives the internals."""
        h = self.w["model.embed_tokens.weight"][torch.tensor(ids)]
        caches, trail, picked = [], [], []
        for l in range(self.L):
            trail.append(h)
            parts = [self.w["bos_embedding"][l]]
            if bank:
                rows, score, order = self.retrieve(mem, l, h)
                parts.append(rows)
                picked.append((rows, score, order))
            x = torch.cat(parts + [mem.pool[l], h])
            h = self.layer(l, x, x.shape[0] - len(ids))
            caches.append(self.cache)
        out = self.norm(h, "model.norm.weight")
        if record is not None:
            record.update(hidden=torch.stack(trail + [out]), picked=picked)
        return out @ self.head.t(), caches

    @torch.no_grad()
    def generate(self, mem, ids, limit, bank=True, stop=True, record=None):
        """Greedy continuation of a prompt; returns the new ids and the logits each was taken from."""
        logits, caches = self.prefill(mem, ids, bank, record)
        out, trail = [], []
        row = logits[-1]
        while True:
            trail.append(row)
            out.append(int(row.argmax()))
            if len(out) == limit or (stop and out[-1] == self.config["eos_token_id"]):
                return out, torch.stack(trail)
            h = self.w["model.embed_tokens.weight"][out[-1]][None]
            for l in range(self.L):
                h = self.layer(l, h, 0, caches[l])
                caches[l] = self.cache
            row = (self.norm(h, "model.norm.weight") @ self.head.t())[0]

    # ---- text ----

    def chunks(self, text, shortest=16):
        """Token chunks of a text as the service cuts them: short texts repeated, long ones cut from the end."""
        whole = text
        while len(self.tok.encode(whole)) < shortest:
            whole += " " + text
        ids, most = self.tok.encode(whole), self.config["max_length"]
        first = len(ids) % most
        cuts = ([ids[:first]] if first else []) + [ids[i:i + most] for i in range(first, len(ids), most)]
        if len(cuts) > 1 and len(cuts[0]) < shortest:
            cuts[:2] = [cuts[0] + cuts[1]]
        return cuts

    def tell(self, mem, text, generator):
        for ids in self.chunks(text):
            self.inject(mem, ids, generator)

    def answer(self, mem, prompt, bank=True, limit=8):
        """The text generated after a prompt, up to the end token."""
        out, _ = self.generate(mem, self.tok.encode(prompt), limit, bank)
        return self.tok.decode(out).strip()
