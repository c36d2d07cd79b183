"""Curriculum training in stages; one command runs them all and resumes from its checkpoint.

Order that works: copy short uncompressed chunks, bind values to people with the help of a subject probe, compress
(n grows past K), read from pools under random drops, then pool and bank together with the retriever.
"""
import argparse
import os
import time
from collections import deque
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

import model as models
from bpe import Tokenizer
from optim import Optimizer
from stream import END, TEXT, VALUE, Batcher, Far, Mix, Scribe
from world import World

SIZE = dict(d=128, layers=4, heads=4, kv_heads=4, ff=320, block_rows=32, pool_blocks=8, bank_blocks=2, key_dim=32)

# One stage: steps, start and end of the ramped numbers, share of the stage over which they ramp, plain settings.
BASE = Mix()
DEPLOYED = dict(K=32, n_min=16, n_max=111, prefix=1.0)
RICH = dict(repeat=0.2, filler=0.05, quiet_start=0.5, same_relation=0.6, joint=0.25, turns=0.08, unknown=0.06, plain=0.05, lines=0.15)
STAGES = {
    "copy": dict(steps=200, subject=0.0, lr=(3e-3, 1e-2), warm=20, ramp=1.0,
                 start=replace(BASE, blocks=96, K=16, same_relation=1.0, same_person=0.1, compact=0.5),
                 end=dict(compact=0.4)),
    "bind": dict(steps=500, subject=1.0, lr=(3e-3, 1e-2), ramp=0.8,
                 start=replace(BASE, blocks=96, K=16, same_relation=1.0, same_person=0.1, compact=0.4),
                 end=dict(compact=0.0, gap=4)),
    "compress": dict(steps=1500, subject=1.0, lr=(3e-3, 1e-2), ramp=0.5, cool=0.3,
                     start=replace(BASE, blocks=64, K=16, n_min=16, n_max=22, prefix=0.5, repeat=0.05, joint=0.1),
                     end=dict(K=32, n_min=16, n_max=111, density=10.0, repeat=0.15, joint=0.25, turns=0.05, unknown=0.03, plain=0.05, lines=0.15)),
    "pool": dict(steps=250, subject=0.3, lr=(2e-3, 7e-3), ramp=0.5,
                 start=replace(BASE, **DEPLOYED, **RICH, density=10.0, pool_blocks=1, change=0.1, changed_first=0.2, groups=16, reads=8, max_age=8),
                 end=dict(pool_blocks=8)),
    "bank": dict(steps=900, subject=0.3, lr=(2e-3, 7e-3), ramp=1.0, cool=0.5, retriever=1.0, pool_only=0.25,
                 start=replace(BASE, **DEPLOYED, **RICH, density=10.0, pool_blocks=8, bank_blocks=2, change=0.1, changed_first=0.25,
                               groups=16, reads=8, max_age=60),
                 end={}),
    "long": dict(steps=2600, subject=0.2, lr=(2e-3, 7e-3), ramp=0.3, cool=0.7, retriever=1.0, pool_only=0.2,
                 start=replace(BASE, **DEPLOYED, **RICH, blocks=80, density=10.0, paired=0.25, pool_blocks=8, bank_blocks=2, change=0.15,
                               change_recent=0.5, changed_first=0.25, groups=16, reads=8, max_age=72),
                 end=dict(density=8.0)),
    "polish": dict(steps=1300, subject=0.2, lr=(1.4e-3, 5e-3), ramp=1.0, cool=0.95, retriever=1.0, pool_only=0.15,
                   start=replace(BASE, **DEPLOYED, **RICH, blocks=80, density=8.5, paired=0.25, pool_blocks=8, bank_blocks=2, change=0.2,
                                 change_recent=0.6, change_inside=0.12, changed_first=0.3, groups=16, reads=8, max_age=72),
                   end={}),
    # the bank of a step is that of hundreds of writes: rows of earlier steps stay in it
    "far": dict(steps=600, subject=0.2, lr=(1e-3, 3.5e-3), cool=0.9, ramp=0.4, retriever=1.0, pool_only=0.15,
                start=replace(BASE, **DEPLOYED, **RICH, blocks=80, density=8.5, paired=0.25, pool_blocks=8, bank_blocks=2, change=0.2,
                              change_recent=0.6, change_inside=0.12, changed_first=0.3, groups=16, reads=8, max_age=79, far=2, far_later=0.5),
                end=dict(far=4)),
    # half as many rows are retrieved, more is asked in a step, and often what has just changed
    "near": dict(steps=900, subject=0.2, lr=(1.2e-3, 4.2e-3), cool=0.95, ramp=1.0, retriever=1.0, pool_only=0.12,
                 start=replace(BASE, **DEPLOYED, **RICH, blocks=80, density=8.5, paired=0.25, pool_blocks=8, bank_blocks=1, change=0.25,
                               change_recent=0.6, change_inside=0.12, changed_first=0.25, changed_now=0.12, groups=16, reads=12,
                               max_age=79, far=4, far_later=0.5),
                 end={}),
}
WEIGHT = {VALUE: 4.0, END: 0.3, TEXT: 0.5}      # loss weights of the answer; every other token of a read has PLAIN_WEIGHT
PLAIN_WEIGHT = 0.05


def ramped(stage, progress):
    """The Mix at a point of a stage: numbers of `end` are approached linearly during the ramp."""
    f = min(1.0, progress / stage["ramp"])
    now = {}
    for key, goal in stage["end"].items():
        value = getattr(stage["start"], key) * (1 - f) + goal * f
        now[key] = int(round(value)) if isinstance(goal, int) else value
    return replace(stage["start"], **now)


def answer_loss(model, h, ids, kinds, pad):
    """Weighted next-token loss of reads; h [Q, T, d], ids and kinds [Q, T].  Also (value loss, hits, count)."""
    target, kind = ids[:, 1:], kinds[:, 1:]
    keep = target != pad
    weight = torch.full(kind.shape, PLAIN_WEIGHT)
    for k, w in WEIGHT.items():
        weight[kind == k] = w
    logits = model.logits(h[:, :-1][keep])
    ce = F.cross_entropy(logits, target[keep], reduction="none")
    weight, value = weight[keep], (kind == VALUE)[keep]
    hit = logits.detach().argmax(-1) == target[keep]
    stats = np.array([ce.detach()[value].sum().item(), hit[value].sum().item(), value.sum().item()])
    return (ce * weight).sum() / weight.sum(), stats


def subject_loss(model, taps, subjects, names):
    """After layers 0 and 1 a linear probe must name the person each token speaks of; names [people] token ids."""
    keep = subjects >= 0
    loss = 0.0
    for l, h in enumerate(taps):
        x = models.normed(h[keep], 1.0)
        logits = F.linear(F.linear(x, model.probe[l]), model.embed[names])
        loss = loss + F.cross_entropy(logits, subjects[keep])
    hit = (logits.argmax(-1) == subjects[keep]).float().mean().item()
    return loss / len(taps), hit


class Retriever:
    """Scores, picks and teaches the retrieval of bank rows for the reads of one step."""

    def __init__(self, model, rows, batch, mix, use_bank, graded):
        G, r = batch.source.shape
        self.model, self.rows, self.top = model, rows, mix.K * mix.bank_blocks if use_bank else 0
        block = torch.arange(rows.shape[1]) // mix.K
        self.told = (block <= torch.tensor(batch.time)[:, None]).repeat_interleave(r, 0)      # [Q, M] already written
        self.pool = torch.tensor(batch.pool).repeat_interleave(r, 1)                          # [L, Q, N]
        self.positive = block == torch.tensor(batch.source).view(-1, 1)                       # [Q, M]
        self.mask = torch.tensor(batch.prompt).view(G * r, -1).float()                        # [Q, T]
        taught = torch.nonzero(torch.tensor(batch.source).view(-1) >= 0)[:, 0]
        self.graded = taught[torch.randperm(len(taught))[:graded]]                            # reads that teach
        self.losses = []

    def scores(self, q, k, mask):
        """Mean over prompt rows of sigmoid(q . k): q [Q, T, dk], k [M, dk] -> [Q, M]"""
        return (torch.sigmoid(q @ k.t()) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def teach(self, s, own):
        """Balanced loss on the mean scores of the taught reads [g, M]."""
        yes, told = self.positive[own], self.told[own]
        no = told & ~yes
        loss_yes = -(s[yes] + 1e-5).log().mean()
        loss_no = -(1 - s[no] + 1e-5).log().mean()
        # a row of the right block should also rank above the rest
        rank = torch.logsumexp((20 * s).masked_fill(~told, -1e9), 1) - torch.logsumexp((20 * s).masked_fill(~yes, -1e9), 1)
        self.losses.append(0.3 * (loss_yes + loss_no) + 0.5 * rank.mean())

    def __call__(self, l, h):
        q, k = self.model.queries(l, h), self.model.keys(l, self.rows[l])
        if len(self.graded):
            self.teach(self.scores(q[self.graded], k, self.mask[self.graded]), self.graded)
        if not self.top:
            return None
        with torch.no_grad():
            bank = self.told.clone().scatter_(1, self.pool[l], False)
            s = self.scores(q, k, self.mask).masked_fill(~bank, -1.0)
            return s.topk(self.top, 1).indices.sort(1).values           # rows are numbered by age: oldest first


class Trainer:
    def __init__(self, args):
        self.a = args
        self.world = World()
        self.tok = Tokenizer.load(os.path.join(args.tokenizer, "tokenizer.json"))
        scribe = Scribe(self.world, self.tok)
        self.names = torch.tensor(scribe.label_tokens)
        self.batcher, self.exam = Batcher(scribe, args.seed), Batcher(scribe, 999, heldout=True)
        self.older = None                   # blocks of the previous step, [L, B, K, d]
        self.past = deque(maxlen=16)        # of earlier steps: rows [L, B * K, d] and the pairs they tell
        self.done = dict(stage=0, step=0)
        if args.resume and os.path.exists(args.out):
            self.model, self.done = models.load(args.out)
            self.batcher = Batcher(scribe, args.seed + 1000 * self.done["stage"] + self.done["step"])
        elif args.init:
            self.model, _ = models.load(args.init)
        else:
            self.model = models.MemoryModel(models.Config(vocab=self.tok.size, **SIZE))

    def forward(self, batch, mix, far=([], []), use_bank=True, graded=0, subject=False, prefix=None):
        """Write all chunks, read all questions.  Returns (h [Q, T, d], retriever, subject loss, subject accuracy)."""
        m, cfg = self.model, self.model.cfg
        aux, accuracy = 0.0, 0.0
        parts, order = [], []
        share = sum(len(own) for own, _, _ in batch.chunks)
        for own, ids, subjects in batch.chunks:
            m.taps = [] if subject else None
            old = prefix if prefix is None or not parts else parts[0].detach()      # odd blocks continue even ones
            parts.append(m.write(torch.tensor(ids), old, mix.K))
            order.append(own)
            if subject and (subjects >= 0).any():
                loss, hit = subject_loss(m, m.taps, torch.tensor(subjects), self.names)
                aux, accuracy = aux + loss * len(own) / share, accuracy + hit * len(own) / share
        back = torch.tensor(np.argsort(np.concatenate(order)))
        blocks = torch.cat(parts, 1)[:, back]
        self.newest = blocks.detach()
        rows = torch.cat(far[0] + [blocks.flatten(1, 2)] + far[1], 1)
        m.taps = [] if subject else None
        retriever = Retriever(m, rows, batch, mix, use_bank, graded) if mix.bank_blocks else None
        h = m.read(torch.tensor(batch.ids), rows, torch.tensor(batch.pool), retriever)
        if subject:
            loss, hit = subject_loss(m, m.taps, torch.tensor(batch.subjects).view(h.shape[:2]), self.names)
            aux, accuracy = aux + loss, (accuracy + hit) / 2
        m.taps = None
        return h, retriever, aux, accuracy

    def loss_of(self, batch, h):
        flat = lambda x: torch.tensor(x).view(h.shape[:2])
        return answer_loss(self.model, h, flat(batch.ids), flat(batch.kinds), self.tok.pad)

    def prefix(self, mix, rng):
        """Blocks of the previous step in random order: the memory that the even chunks of this step are written on."""
        o = self.older
        if o is None or o.shape[1] < mix.blocks // 2 or o.shape[2] != mix.K or rng.random() >= mix.prefix:
            return None
        return o[:, torch.randperm(o.shape[1])[:mix.blocks // 2]]

    def draw(self, batcher, mix):
        """(batch, rows written before its own, rows written after them): some steps of the past are its older and newer history."""
        past = list(self.past)[-mix.far:] if mix.far else []
        later = batcher.rng.randint(1, len(past)) if past and batcher.rng.random() < mix.far_later else 0
        before, after = past[:len(past) - later], past[len(past) - later:]
        blocks = lambda steps: sum(rows.shape[1] for rows, _ in steps) // mix.K
        pairs = lambda steps: set().union(*(told for _, told in steps))
        batch = batcher.draw(mix, Far(blocks(before), blocks(after), pairs(before), pairs(after)))
        return batch, [rows for rows, _ in before], [rows for rows, _ in after]

    def one_step(self, stage, mix, opt, scale):
        rng = self.batcher.rng
        use_bank = rng.random() >= stage.get("pool_only", 0.0)
        prefix = self.prefix(mix, rng)
        if prefix is None and mix.n_min < mix.K:
            mix = replace(mix, n_min=mix.K, n_max=max(mix.K, mix.n_max), repeat=0.0)     # no memory rows to re-encode
        if not use_bank:
            mix = replace(mix, max_age=12, far=0)
        batch, *far = self.draw(self.batcher, mix)
        graded = stage.get("graded", 48) if stage.get("retriever") else 0
        h, retriever, aux, hit = self.forward(batch, mix, far, use_bank, graded, stage["subject"] > 0, prefix)
        loss, stats = self.loss_of(batch, h)
        total = loss + stage["subject"] * aux
        teach = 0.0
        if retriever and retriever.losses:
            teach = sum(retriever.losses) / len(retriever.losses)
            total = total + stage["retriever"] * teach
            teach = teach.item()
        total.backward()
        opt.step(scale)
        self.older = self.newest
        if stage["start"].far:
            self.past.append((self.newest.flatten(1, 2), batch.told))
        tokens = sum(ids.size for _, ids, _ in batch.chunks) + int(batch.ids.size)
        return np.concatenate([stats, [loss.item(), hit, teach, tokens, 1]])

    @torch.no_grad()
    def examine(self, mix, rounds=2):
        """Accuracy on held-out facts, prompts as in training without telegram style."""
        mix = replace(mix, compact=0.0, filler=0.0, quiet_start=0.0, plain=0.0, unknown=0.0)
        hits = np.zeros(3)
        for _ in range(rounds):
            prefix = self.prefix(replace(mix, prefix=1.0), self.exam.rng) if mix.prefix else None
            m = mix if prefix is not None else replace(mix, n_min=max(mix.K, mix.n_min), n_max=max(mix.K, mix.n_max), repeat=0.0)
            batch, *far = self.draw(self.exam, m)
            h, _, _, _ = self.forward(batch, m, far, prefix=prefix)
            hits += self.loss_of(batch, h)[1]
        return hits[1] / hits[2]

    def run_stage(self, number, name):
        stage = dict(STAGES[name])
        stage["steps"] = max(1, int(stage["steps"] * self.a.scale_steps))
        if stage["start"].bank_blocks:
            self.model.cfg.bank_blocks = stage["start"].bank_blocks
        other, matrix = stage["lr"]
        opt = Optimizer(self.model, matrix, other)
        total, started, step = np.zeros(8), time.time(), self.done["step"]
        while step < stage["steps"]:
            progress = step / stage["steps"]
            cool = stage.get("cool", 0.0)
            scale = min(1.0, (step + 1) / stage.get("warm", 30)) * (min(1.0, max(0.03, (1 - progress) / cool)) if cool else 1.0)
            mix = ramped(stage, progress)
            total += self.one_step(stage, mix, opt, scale)
            step += 1
            if step % self.a.every == 0 or step == stage["steps"]:
                self.report(name, step, mix, total, time.time() - started)
                total, started = np.zeros(8), time.time()
                self.done = dict(stage=number, step=step)
                models.save(self.a.out, self.model, **self.done)
        models.save(self.a.out.replace(".pt", "-%s.pt" % name), self.model, stage=number + 1, step=0)
        self.done = dict(stage=number + 1, step=0)

    def report(self, name, step, mix, s, seconds):
        print("%-8s step %4d  n %d-%d K %d pool %d  loss %.3f value_ce %.3f train %.3f heldout %.3f subject %.3f retr %.3f  %.0f tok/s %.2f s/step"
              % (name, step, mix.n_min, mix.n_max, mix.K, mix.pool_blocks, s[3] / s[7], s[0] / s[2], s[1] / s[2],
                 self.examine(mix), s[4] / s[7], s[5] / s[7], s[6] / seconds, seconds / s[7]), flush=True)

    def run(self):
        names = self.a.stages.split(",")
        for number in range(self.done["stage"], len(names)):
            self.run_stage(number, names[number])
            self.done["step"] = 0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--stages", default="copy,bind,compress,pool,bank,long,polish,far")
    ap.add_argument("--tokenizer", default="../models/small", help="folder with tokenizer.json")
    ap.add_argument("--init", default="", help="start from this checkpoint instead of random weights")
    ap.add_argument("--resume", action="store_true", help="continue from --out if it exists")
    ap.add_argument("--out", default="runs/model.pt")
    ap.add_argument("--scale_steps", type=float, default=1.0, help="multiplies the length of every stage")
    ap.add_argument("--every", type=int, default=50, help="steps between progress lines and checkpoints")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    print("#", vars(a), flush=True)
    Trainer(a).run()


if __name__ == "__main__":
    main()
