"""Write a golden folder (config, inputs, expected, manifest) from the exported model, to check another engine.

The steps are writes with recorded drops, forwards and greedy generations; state carries over.  Ages follow the public
code (a row ages only after its drop), as golden files of this format do.
"""
import argparse
import json
import os
import shutil

import numpy as np
import torch

from engine import Engine
from evaluate import DEMO, DEMO_CHANGE, lines_of
from tensors import write_tensors

MEANING = {
    "ids": "[T] token ids",
    "perm": "[layers, pool] permutation the random drop drew; kept = sort(perm[:pool-num_tokens]), dropped = sort(rest)",
    "dropped": "[layers, num_tokens] dropped pool slots, ascending",
    "logits": "[T, vocab] logits of every input position",
    "hidden_states": "[L+1, T, d] embeddings, inputs of layers 1..L-1, state after the final norm",
    "retrieval_scores": "[n_i + c] mean over query positions of sigmoid(query . key), bank rows, then staged rows",
    "retrieval_order": "[L, R] rows put in front of the pool, in the order used",
    "retrieval_hidden": "[L, R, d] those rows",
    "tokens": "[max_new_tokens] greedy tokens",
    "step_logits": "[max_new_tokens, vocab] logits each token was taken from",
    "delta_memory": "[L, K, d] block made by the write",
    "memory": "[L, pool, d] pool after the step",
    "memory_ages": "[L, pool] age of each pool slot",
    "ltm": "[n_i, d] bank rows of a layer", "ltm_keys": "[n_i, key width] their keys",
    "ltm_recall_frequencies": "[n_i] remaining life", "ltm_ages": "[n_i] ages",
    "update_step": "scalar, memory rows written since the last merge",
    "cached_dropped_memories": "[L, c, d] staged rows", "cached_dropped_keys": "[L, c, key width] their keys",
    "cached_dropped_memory_ages": "[L, c] their ages",
}
EXACT = ["cached_dropped_memory_ages", "ltm_ages", "memory_ages", "retrieval_order", "tokens", "update_step"]


class Recorder:
    """Runs steps on one memory and keeps what another engine has to reproduce."""

    def __init__(self, engine, seed):
        self.engine, self.mem = engine, engine.genesis()
        self.generator = np.random.RandomState(seed)
        self.inputs, self.expected, self.steps = {}, {}, []
        self.logit_gap, self.cut_gap = [], []

    def input_of(self, name, text):
        self.inputs["ids." + name] = np.array(self.engine.tok.encode(text), np.int64)
        return self.inputs["ids." + name].tolist()

    def close(self, step, found):
        """Number a finished step and file its expected tensors."""
        prefix = step["id"] + "."
        step["expect"] = [prefix + n for n in found]
        self.expected.update({prefix + n: np.asarray(v) for n, v in found.items()})
        self.steps.append(step)

    def begin(self, op, name):
        return dict(id="s%02d" % len(self.steps), op=op, input="ids." + name)

    def retrieved(self, record):
        """Scores and choices of a prefill as expected tensors."""
        found = {}
        for l, (_, score, order) in enumerate(record["picked"]):
            found["retrieval_scores.%d" % l] = score.numpy()
            best = score.sort(descending=True).values
            if len(best) > self.engine.R:
                self.cut_gap.append(float(1 - best[self.engine.R] / best[self.engine.R - 1]))
        found["retrieval_order"] = np.stack([p[2].numpy() for p in record["picked"]])
        found["retrieval_hidden"] = np.stack([p[0].numpy() for p in record["picked"]])
        return found

    def note_gap(self, logits):
        top = logits.topk(2, -1).values
        self.logit_gap.append(float((top[..., 0] - top[..., 1]).min()))

    def forward(self, name, text):
        step, record = self.begin("forward", name), {}
        logits, _ = self.engine.prefill(self.mem, self.input_of(name, text), record=record)
        self.close(step, dict(logits=logits.numpy(), hidden_states=record["hidden"].numpy(), **self.retrieved(record)))

    def generate(self, name, text, count):
        step, record = self.begin("generate", name), {}
        step["max_new_tokens"] = count
        tokens, logits = self.engine.generate(self.mem, self.input_of(name, text), count, stop=False, record=record)
        self.note_gap(logits)
        self.close(step, dict(tokens=np.array(tokens, np.int64), step_logits=logits.numpy(), **self.retrieved(record)))

    def inject(self, name, text):
        e, m, step = self.engine, self.mem, self.begin("inject", name)
        step.update(update_memory=True, replay=[step["id"] + ".perm", step["id"] + ".dropped"])
        perm = np.stack([self.generator.permutation(e.N) for _ in range(e.L)]).astype(np.int64)
        self.inputs[step["id"] + ".perm"] = perm
        self.inputs[step["id"] + ".dropped"] = np.sort(perm[:, e.N - e.K:], 1)
        found = dict(delta_memory=e.inject(m, self.input_of(name, text), perms=perm).numpy(),
                     memory=m.pool.numpy().copy(), memory_ages=m.pool_ages.numpy().copy())
        for l in range(e.L):
            found.update({"ltm.%d" % l: m.bank[l].numpy(), "ltm_keys.%d" % l: m.keys[l].numpy(),
                          "ltm_recall_frequencies.%d" % l: m.life[l].double().numpy(), "ltm_ages.%d" % l: m.ages[l].numpy()})
        found["update_step"] = np.array(m.since_merge, np.int64)
        if len(m.staged[0]):
            found["cached_dropped_memories"] = torch.stack(m.staged).numpy()
            found["cached_dropped_keys"] = torch.stack(m.staged_keys).numpy()
            found["cached_dropped_memory_ages"] = torch.stack(m.staged_ages).numpy()
        step["state_note"] = dict(ltm_sizes=[len(b) for b in m.bank], cached_per_layer=len(m.staged[0]))
        self.close(step, found)


def described(recorder):
    """The tensor table of the manifest."""
    table = {}
    for role, group in (("input", recorder.inputs), ("expected", recorder.expected)):
        for name, value in group.items():
            parts = name.split(".")
            meaning = MEANING["ids" if parts[0] == "ids" else parts[1]]
            table[name] = dict(role=role, dtype=str(value.dtype), shape=list(value.shape), meaning=meaning)
    return table


def run_case(engine, folder, seed):
    """The steps of the case with the drops of one seed."""
    rec = Recorder(engine, seed)
    where, job = "Question: Where does Maria live? Answer:", "Question: What does Peter work as? Answer:"
    chunks = [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")[:6]]
    rec.forward("where", where)
    rec.generate("where", where, 4)
    rec.inject("demo", DEMO)
    rec.forward("where", where)
    rec.generate("job", job, 4)
    rec.inject("change", " ".join([DEMO_CHANGE[0]] * 4))
    rec.generate("where", where, 4)
    for i, chunk in enumerate(chunks):
        rec.inject("chunk%d" % i, chunk)
        if i % 2:
            rec.forward("job", job)
            rec.generate("where", where, 4)
    rec.inject("tiny", "Maria lives in Rome.")
    rec.generate("complete", "Maria lives in", 4)
    return rec


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", default="../models/small")
    ap.add_argument("--out", default="runs/parity/small")
    ap.add_argument("--merge_every", type=int, default=3, help="update_ltm_frequency of the case, so that merges occur")
    ap.add_argument("--seed", type=int, default=5)
    ap.add_argument("--tries", type=int, default=40, help="seeds tried")
    a = ap.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    engine = Engine(a.model, age_mode="since_drop")
    engine.config.update(update_ltm_frequency=a.merge_every, initial_rf_when_moving_stm_to_ltm=2)
    # ages and drops decide which rows compete; take the seed whose closest call at the retrieval cut is widest
    cases = [run_case(engine, a.model, a.seed + i) for i in range(a.tries)]
    rec = max(cases, key=lambda c: min(c.cut_gap))
    with open(os.path.join(a.out, "config.json"), "w") as f:
        json.dump(engine.config, f, indent=1)
    write_tensors(os.path.join(a.out, "inputs.safetensors"), rec.inputs)
    write_tensors(os.path.join(a.out, "expected.safetensors"), rec.expected)
    shutil.copyfile(os.path.join(a.model, "model.safetensors"), os.path.join(a.out, "model.safetensors"))
    manifest = dict(
        case="small", set="parity", files=dict(config="config.json", weights="model.safetensors",
                                                inputs="inputs.safetensors", expected="expected.safetensors"),
        derived=dict(pool_rows=engine.N, retrieved_ltm_rows=engine.R, lora_scaling=None, rope_inv_freq="float32"),
        precision="all weights and arithmetic float32 on CPU",
        ops=dict(forward="read one sequence with memory, no state change", generate="greedy with cache; the end token is ignored",
                 inject="write one sequence; the drop is taken from the replay tensors"),
        steps=rec.steps, tensors=described(rec),
        compare=dict(exact=EXACT, float_atol=1e-4, float_rtol=1e-4,
                     note="rows of equal age stand in descending index order; the cut gap is relative to the score"),
        margins=dict(smallest_top1_top2_logit_gap=min(rec.logit_gap), smallest_relative_retrieval_cut_gap=min(rec.cut_gap)),
        seed=a.seed + cases.index(rec))
    with open(os.path.join(a.out, "manifest.json"), "w") as f:
        json.dump(manifest, f, indent=1)
    print("%d steps, margins %s" % (len(rec.steps), manifest["margins"]))


if __name__ == "__main__":
    main()
