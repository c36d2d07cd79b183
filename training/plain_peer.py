"""The plain PyTorch model as the other side of a comparison: one JSON request a line on standard input, one JSON answer a line on standard output.

Requests have a "do": gemm, memory, inject, query, decode. Times are of the work alone, in seconds.
"""
import argparse
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from plain import Cache, PlainModel


class Peer:
    def __init__(self, folder):
        self.model, self.memories, self.products = PlainModel(folder), {}, {}

    def gemm(self, m, outputs, inputs, times):
        if (m, outputs, inputs) not in self.products:
            self.products = {(m, outputs, inputs): (torch.randn(m, inputs), torch.randn(outputs, inputs))}
        x, w = self.products[m, outputs, inputs]
        began = time.perf_counter()
        for _ in range(times):
            F.linear(x, w)
        return dict(seconds=time.perf_counter() - began)

    def memory(self, name, file, bank_rows):
        """The file holds int64: for each layer the pool's rows, the bank's rows, and the ages of the latter."""
        model = self.model
        numbers = torch.from_numpy(np.fromfile(file, np.int64).reshape(model.L, -1))
        pool, bank, ages = numbers.split([model.N, bank_rows, bank_rows], 1)
        self.memories[name] = model.memory(pool, bank, ages)
        return {}

    def forget(self, name):
        del self.memories[name]
        return {}

    def inject(self, name, ids, rows_file=None):
        model = self.model
        drops = torch.stack([torch.randperm(model.N)[:model.K] for _ in range(model.L)])
        began = time.perf_counter()
        rows = model.inject(self.memories[name], torch.tensor(ids), drops)
        seconds = time.perf_counter() - began
        if rows_file:
            rows.numpy().tofile(rows_file)
        return dict(seconds=seconds)

    def query(self, name, ids, follow):
        """Reads a prompt, then goes along with the tokens of another engine: how far below the best logit is each of them?"""
        cache = Cache(self.model, 1, 1 + self.model.R + self.model.N + len(ids) + len(follow))
        prompt = torch.tensor(ids)
        began = time.perf_counter()
        logits = self.model.prefill(self.memories[name], prompt, cache)
        first = int(logits.argmax())
        seconds = time.perf_counter() - began
        gaps, spread = [], 0.0
        for token in follow:
            gaps.append(float(logits.max() - logits[token]))
            spread = max(spread, float(logits.std()))
            logits = self.model.step(torch.tensor([token]), cache)[0]
        return dict(seconds=seconds, first=first, gaps=gaps, spread=spread)

    def decode(self, names, ids, tokens):
        """All memories in one batch; the time of tokens - 1 steps after the first token."""
        cache = Cache(self.model, len(names), 1 + self.model.R + self.model.N + len(ids) + tokens)
        prompt = torch.tensor(ids)
        last = torch.stack([self.model.prefill(self.memories[n], prompt, cache, slot) for slot, n in enumerate(names)]).argmax(-1)
        began = time.perf_counter()
        for _ in range(tokens - 1):
            last = self.model.step(last, cache).argmax(-1)
        return dict(seconds=time.perf_counter() - began)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", required=True)
    ap.add_argument("--threads", type=int, required=True)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    peer = Peer(a.model)
    say = lambda answer: print(json.dumps(answer), flush=True)
    say(dict(torch=torch.__version__, threads=torch.get_num_threads()))
    for line in sys.stdin:
        request = json.loads(line)
        say(getattr(peer, request.pop("do"))(**request))


if __name__ == "__main__":
    main()
