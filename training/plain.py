"""M+ as one would run it in plain PyTorch on a CPU: the procedure of the published code, weights in fp32, one set of weights.

Memory rows are hidden states; every read projects bos, retrieved rows and pool to keys and values anew, as the published code does. Where that
code is careless this one is not: the head sees the last row only, decoding writes into a cache of full length instead of concatenating,
grouped queries attend without copies of their keys, and decoding of several memories is one batch.
"""
import json
import os

import torch
import torch.nn.functional as F

from mapped_tensors import map_tensors


class Memory:
    """State of one memory: pool [L][N, d]; per layer bank rows [S, d] in their stored type, keys [S, width] and ages [S]."""

    def __init__(self, pool, bank, keys, ages):
        self.pool, self.bank, self.keys, self.ages = pool, bank, keys, ages


class Cache:
    """Rotated keys and values of a batch: [L][batch, kv heads, capacity, head size], of which `rows` are filled."""

    def __init__(self, model, batch, capacity):
        new = lambda: [torch.zeros(batch, model.kv, capacity, model.hd) for _ in range(model.L)]
        self.keys, self.values, self.rows = new(), new(), 0


class PlainModel:
    def __init__(self, folder):
        self.config = c = json.load(open(os.path.join(folder, "config.json")))
        self.stored = map_tensors(os.path.join(folder, "model.safetensors"))
        self.L, self.d, self.K = c["num_hidden_layers"], c["hidden_size"], c["num_tokens"]
        self.heads, self.kv, self.hd = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.group = self.heads // self.kv
        self.N = (c["num_blocks"] - c["num_ltm_blocks"]) * self.K
        self.R = c.get("num_retrieved_tokens", c["num_ltm_blocks"] * self.K)
        self.eps = c["rms_norm_eps"]
        self.w = {n: t.float() for n, t in self.stored.items() if not n.startswith(("ltm", "memory"))}
        self.embed, self.head = self.w["model.embed_tokens.weight"], self.w["lm_head.weight"]
        inv = c["rope_theta"] ** (-torch.arange(0, self.hd, 2).float() / self.hd)
        angle = torch.arange(c["max_position_embeddings"]).float()[:, None] * inv
        self.cos, self.sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)

    def memory(self, pool, bank, ages):
        """pool [L, N] and bank [L, S] number the checkpoint's rows of a layer: its pool first, then its bank; ages [L, S]."""
        rows = lambda l: (self.stored["memory"][l], self.stored["ltm.%d" % l], self.stored["ltm_keys.%d" % l])
        state = Memory([], [], [], [])
        for l in range(self.L):
            first, later, keys = rows(l)
            pick = lambda index: torch.where(
                (index < self.N)[:, None], first[index.clamp(max=self.N - 1)], later[(index - self.N).clamp(min=0)])
            state.pool.append(pick(pool[l]).float())
            state.bank.append(pick(bank[l]))
            own = (bank[l] - self.N).clamp(min=0)
            from_pool = bank[l] < self.N
            made = keys[own].float()
            if from_pool.any():
                made[from_pool] = self.project(l, "key_proj", self.norm_in(l, first[bank[l][from_pool]].float()))
            state.keys.append(made)
            state.ages.append(ages[l])
        return state

    # ---- pieces ----

    def norm(self, x, gain):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * gain

    def at(self, l, name):
        return self.w["model.layers.%d.%s.weight" % (l, name)]

    def norm_in(self, l, x):
        return self.norm(x, self.at(l, "input_layernorm"))

    def rotate(self, x, start):
        """x [..., T, head size] at positions start, start + 1, ..."""
        T = x.shape[-2]
        a, b = x.chunk(2, -1)
        return x * self.cos[start:start + T] + torch.cat([-b, a], -1) * self.sin[start:start + T]

    def heads_of(self, x):
        """[B, T, heads x head size] -> [B, heads, T, head size]"""
        return x.view(x.shape[0], x.shape[1], -1, self.hd).transpose(1, 2)

    def project(self, l, kind, normed):
        """Retrieval key or query of normed rows."""
        return F.linear(F.silu(F.linear(normed, self.at(l, "self_attn.%s.0" % kind))), self.at(l, "self_attn.%s.2" % kind))

    def attend(self, q, k, v):
        """q [B, heads, n, hd], k and v [B, kv heads, T, hd]; causal at the end. Returns [B, n, d]."""
        B, _, n, hd = q.shape
        T = k.shape[2]
        score = (q.reshape(B, self.kv, self.group * n, hd) * hd ** -0.5) @ k.transpose(2, 3)
        if n > 1:
            score.view(B, self.kv, self.group, n, T)[..., T - n:] += torch.full((n, n), float("-inf")).triu(1)
        o = torch.softmax(score, -1) @ v
        return o.view(B, self.heads, n, hd).transpose(1, 2).reshape(B, n, self.d)

    def finish(self, l, x, attended):
        """The rest of a layer after attention; x and attended [B, n, d]."""
        y = x + F.linear(attended, self.at(l, "self_attn.o_proj"))
        z = self.norm(y, self.at(l, "post_attention_layernorm"))
        return y + F.linear(F.silu(F.linear(z, self.at(l, "mlp.gate_proj"))) * F.linear(z, self.at(l, "mlp.up_proj")), self.at(l, "mlp.down_proj"))

    def keys_values(self, l, z, start):
        """Rotated keys and values of normed rows z [B, T, d], [B, kv heads, T, hd]."""
        k = self.rotate(self.heads_of(F.linear(z, self.at(l, "self_attn.k_proj"))), start)
        return k, self.heads_of(F.linear(z, self.at(l, "self_attn.v_proj")))

    def queries(self, l, z, start):
        return self.rotate(self.heads_of(F.linear(z, self.at(l, "self_attn.q_proj"))), start)

    # ---- write ----

    @torch.no_grad()
    def inject(self, mem, ids, drops):
        """Write one chunk; drops [L, K] are the ranks that leave. Returns the new rows [L, K, d]; the memory is as before."""
        h, n, K = self.embed[ids], len(ids), self.K
        delta, pools, keys = [], [], []
        for l in range(self.L):
            x = torch.cat([self.w["bos_embedding"][l], mem.pool[l][-K:], h])
            T = x.shape[0]
            x[T - K:] += self.w["new_memory_positional_emb"][0, 0]
            first = min(1 + K, T - K)
            z = self.norm_in(l, x)[None]
            k, v = self.keys_values(l, z, 0)
            y = self.finish(l, x[None, first:], self.attend(self.queries(l, z[:, first:], first), k, v))[0]
            delta.append(y[-K:])
            h = y[-n:]
            kept = torch.ones(self.N, dtype=torch.bool)
            kept[drops[l]] = False
            pools.append(torch.cat([mem.pool[l][kept], y[-K:]]))
            keys.append(self.project(l, "key_proj", self.norm_in(l, mem.pool[l][drops[l]])))
        return torch.stack(delta)

    # ---- read ----

    def retrieve(self, mem, l, z):
        """The R best bank rows for the normed prompt z [n, d], oldest first; of one age, in the order of the bank."""
        score = torch.sigmoid(self.project(l, "query_proj", z) @ mem.keys[l].t()).mean(0)
        chosen = score.topk(min(self.R, len(score))).indices.sort().values
        order = chosen[torch.sort(mem.ages[l][chosen], descending=True, stable=True).indices]
        return mem.bank[l][order].float()

    @torch.no_grad()
    def prefill(self, mem, ids, cache, slot=0):
        """Read a prompt into one slot of a cache; returns the logits of its last row."""
        h = self.embed[ids]
        for l in range(self.L):
            z = self.norm_in(l, h)
            before = torch.cat([self.w["bos_embedding"][l], self.retrieve(mem, l, z), mem.pool[l]])
            k, v = self.keys_values(l, torch.cat([self.norm_in(l, before), z])[None], 0)
            T = k.shape[2]
            cache.keys[l][slot, :, :T], cache.values[l][slot, :, :T] = k[0], v[0]
            h = self.finish(l, h[None], self.attend(self.queries(l, z[None], T - len(ids)), k, v))[0]
        cache.rows = T
        return self.logits(h[-1:])[0]

    @torch.no_grad()
    def step(self, ids, cache):
        """One token for each slot of a cache whose slots have equal length; ids [B]. Returns logits [B, vocabulary]."""
        h, at = self.embed[ids][:, None], cache.rows
        for l in range(self.L):
            z = self.norm_in(l, h)
            k, v = self.keys_values(l, z, at)
            cache.keys[l][:, :, at], cache.values[l][:, :, at] = k[:, :, 0], v[:, :, 0]
            q = self.queries(l, z, at)
            h = self.finish(l, h, self.attend(q, cache.keys[l][:, :, :at + 1], cache.values[l][:, :, :at + 1]))
        cache.rows += 1
        return self.logits(h[:, 0])

    def logits(self, h):
        return F.linear(self.norm(h, self.w["model.norm.weight"]), self.head)
