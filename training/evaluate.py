"""Measure the exported model with the real sequential procedure: one write after another from the genesis memory.

Tables: retention after t unrelated writes (pool only, pool and bank), the fresh memory, changed facts, single short
facts, dense texts, and the demonstration dialogue.  Answers are greedy and must match exactly.  Besides: perplexity of
plain text with and without a memory, how many of the retrieved rows are of the text that was asked for, and what the
survival law predicts for the pool alone, given the accuracy when exactly m rows of the text are left in each layer.
"""
import argparse
import json
import os
import random

import numpy as np
import torch

from engine import Engine
from world import World

DEMO = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot."
DEMO_QUESTIONS = [("Where does Maria live?", "Lisbon"), ("What does Peter work as?", "baker"),
                  ("What colour is the car of Anna?", "red"), ("Which animal does Hugo keep?", "parrot")]
DEMO_CHANGE = ("Maria moved to Oslo.", "Oslo")


def lines_of(folder, name):
    return [json.loads(x) for x in open(os.path.join(folder, "eval", name))]


def share(hits):
    return "%.3f (%d)" % (sum(hits) / max(1, len(hits)), len(hits))


def retention(engine, folder, times, limit, seed):
    """Accuracy per mode after t unrelated writes."""
    asked, other = lines_of(folder, "heldout.jsonl")[:limit], [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")]
    hits = {(mode, t): [] for mode in ("pool", "bank") for t in times}
    for i, line in enumerate(asked):
        rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
        mem = engine.genesis()
        engine.tell(mem, line["chunk"], generator)
        order = rng.sample(other, max(times))
        for t in range(max(times) + 1):
            if t:
                engine.tell(mem, order[t - 1], generator)
            if t in times:
                for mode in ("pool", "bank"):
                    hits[mode, t].append(engine.answer(mem, line["question"], mode == "bank") == line["answer"])
    print("t          " + " ".join("%6d" % t for t in times))
    print("law        " + " ".join("%6.3f" % ((1 - engine.K / engine.N) ** t) for t in times))
    for mode, label in (("pool", "pool only "), ("bank", "pool+bank ")):
        print(label + " " + " ".join("%6.3f" % np.mean(hits[mode, t]) for t in times))
    print("questions per cell: %d" % len(asked), flush=True)


def fresh(engine, folder, seed, draws=2000):
    """Guessing rate without having told anything: the questions of heldout.jsonl, and many more held-out facts."""
    mem, world, rng = engine.genesis(), World(), random.Random(seed)
    asked = [(x["question"], x["answer"]) for x in lines_of(folder, "heldout.jsonl")]
    facts = [world.draw(rng, world.any_person(rng), rng.choice(world.relations), True) for _ in range(draws)]
    more = [(world.ask(rng, f), f.value) for f in facts if f]
    for bank in (False, True):
        rates = [share([engine.answer(mem, q, bank) == a for q, a in group]) for group in (asked, more)]
        print("fresh memory, %s: heldout.jsonl %s, random held-out facts %s" % ("pool+bank" if bank else "pool only", *rates), flush=True)


def changed(engine, folder, episodes, seed):
    """A held-out fact, `before` unrelated writes, its change in one short text, `after` unrelated writes, question."""
    world, other = World(), [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")]
    for before, after in (("same text", 0), (0, 0), (2, 0), (2, 2), (7, 2), (13, 2), (13, 12), (30, 20)):
        new, old = [], []
        for i in range(episodes):
            rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
            first = second = None
            while not second:
                first = world.draw(rng, world.any_person(rng), rng.choice(world.relations), True)
                second = first and world.draw(rng, first.person, first.relation, True, avoid=first.value)
            told = world.state(rng, first)
            change = world.change(rng, second)
            mem, order = engine.genesis(), rng.sample(other, 50)
            texts = [told + " " + change] if before == "same text" else (
                [told] + order[:before] + [change] + order[before:before + after])
            for text in texts:
                engine.tell(mem, text, generator)
            got = engine.answer(mem, world.ask(rng, first))
            new.append(got == second.value)
            old.append(got == first.value)
        print("changed after %s writes, asked %2d writes later: new %s, old %.3f" % (before, after, share(new), np.mean(old)), flush=True)


def single(engine, episodes, seed):
    """One short held-out fact told to a fresh memory, then asked, as question and as completion."""
    world, asked, completed = World(), [], []
    for i in range(episodes):
        rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
        fact = None
        while not fact:
            fact = world.draw(rng, world.any_person(rng), rng.choice(world.relations), True)
        mem = engine.genesis()
        engine.tell(mem, world.state(rng, fact), generator)
        asked.append(engine.answer(mem, world.ask(rng, fact)) == fact.value)
        completed.append(engine.answer(mem, world.complete(rng, fact)[0]).startswith(fact.value))
    print("single short fact: question %s, completion %s" % (share(asked), share(completed)), flush=True)


def demo(engine, seeds, show=True):
    """The product's demonstration, over several seeds of the random drop."""
    hits, wrong = [], []
    for seed in range(seeds):
        generator, mem = np.random.RandomState(seed), engine.genesis()
        for text, changed_now in ((DEMO, False), (DEMO_CHANGE[0], True)):
            engine.tell(mem, text, generator)
            for question, answer in DEMO_QUESTIONS:
                want = DEMO_CHANGE[1] if changed_now and answer == DEMO_QUESTIONS[0][1] else answer
                got = engine.answer(mem, "Question: %s Answer:" % question)
                hits.append(got == want)
                if got != want:
                    wrong.append((seed, question, want, got))
    print("demonstration: %s %s" % (share(hits), wrong[:8] if show else ""), flush=True)


def dense(engine, episodes, seed):
    """Texts of facts only: one chunk of 3 to 9 facts, then documents of 12 facts that are cut into chunks."""
    world = World()
    for count in (3, 5, 7, 9, 12):
        hits = []
        for i in range(episodes):
            rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
            facts = {}
            while len(facts) < count:
                fact = world.draw(rng, world.any_person(rng), rng.choice(world.relations), True)
                if fact:
                    facts[fact[:2]] = fact
            mem = engine.genesis()
            engine.tell(mem, " ".join(world.state(rng, f) for f in facts.values()), generator)
            hits += [engine.answer(mem, world.ask(rng, f)) == f.value for f in facts.values()]
        print("text of %2d facts without filler: %s" % (count, share(hits)), flush=True)


def plain(engine, folder, writes, seed):
    """Perplexity of sentences without facts: without any memory row, on the fresh memory, and after `writes` texts."""
    texts = [engine.tok.encode(x["text"]) for x in lines_of(folder, "plain.jsonl")]
    fresh, told = engine.genesis(), engine.genesis()
    generator = np.random.RandomState(seed)
    for line in lines_of(folder, "unrelated.jsonl")[:writes]:
        engine.tell(told, line["chunk"], generator)
    empty = engine.genesis()
    empty.pool = empty.pool[:, :0]
    base = None
    for label, mem, bank in (("no memory", empty, False), ("fresh, pool", fresh, False), ("fresh, pool+bank", fresh, True),
                             ("%d writes, pool" % writes, told, False), ("%d writes, pool+bank" % writes, told, True)):
        loss = count = 0
        for ids in texts:
            logits, _ = engine.prefill(mem, ids, bank)
            loss += torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="sum").item()
            count += len(ids) - 1
        perplexity = float(np.exp(loss / count))
        base = base or perplexity
        print("plain text, %-22s perplexity %.3f, %.3f of that without memory" % (label, perplexity, perplexity / base), flush=True)


def retriever(engine, folder, times, episodes, seed):
    """Share of the retrieved rows that are of the text asked for, per layer, against their share of the bank."""
    asked, other = lines_of(folder, "heldout.jsonl")[:episodes], [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")]
    found = {t: [] for t in times}
    for i, line in enumerate(asked):
        rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
        mem = engine.genesis()
        engine.tell(mem, line["chunk"], generator)
        order = rng.sample(other, max(times))
        for t in range(1, max(times) + 1):
            engine.tell(mem, order[t - 1], generator)
            if t in times:
                record = {}
                engine.prefill(mem, engine.tok.encode(line["question"]), True, record)
                row = []
                for l, (_, score, chosen) in enumerate(record["picked"]):
                    right = torch.cat([mem.ages[l], mem.staged_ages[l]]) // engine.K == t
                    row.append((right[chosen].float().mean().item(), right.float().mean().item(), len(score)))
                found[t].append(row)
    for t in times:
        share, chance, rows = np.mean(found[t], 0).T
        print("retriever after %d writes, bank of %d rows: share per layer %s, chance %.4f, times chance %s"
              % (t, rows.mean(), " ".join("%.3f" % x for x in share), chance.mean(), " ".join("%.0f" % x for x in share / chance)), flush=True)


class OneText(Engine):
    """An engine that reads of the bank the rows of one text: that of `since` writes ago."""

    since = 0

    def retrieve(self, mem, l, h):
        _, score, _ = super().retrieve(mem, l, h)
        age = torch.cat([mem.ages[l], mem.staged_ages[l]])
        own = (age // self.K == self.since).nonzero()[:, 0]
        order = own[self.by_age(age[own])]
        return torch.cat([mem.bank[l], mem.staged[l]])[order], score, order


def choice(engine, folder, times, episodes, seed):
    """What the choice of rows costs: accuracy as deployed, accuracy with the rows of the right text alone, and whose the best row is."""
    asked, other = lines_of(folder, "heldout.jsonl")[:episodes], [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")]
    exact = OneText(folder)
    for t in times:
        deployed, right, first = [], [], []
        for i, line in enumerate(asked):
            rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
            mem = engine.genesis()
            for text in [line["chunk"]] + rng.sample(other, t):
                engine.tell(mem, text, generator)
            exact.since, record = t, {}
            deployed.append(engine.answer(mem, line["question"]) == line["answer"])
            right.append(exact.answer(mem, line["question"]) == line["answer"])
            exact.prefill(mem, engine.tok.encode(line["question"]), True, record)
            ages = [torch.cat([mem.ages[l], mem.staged_ages[l]]) for l in range(engine.L)]
            first.append([(age[score.argmax()] // engine.K == t).item() for age, (_, score, _) in zip(ages, record["picked"])])
        print("choice after %3d writes: deployed %s, right text's rows alone %s; best row is the right text's, per layer %s"
              % (t, share(deployed), share(right), " ".join("%.2f" % x for x in np.mean(first, 0))), flush=True)


def tell_keeping(engine, mem, text, generator, j, leave):
    """Write a text; of the block written j - 1 texts ago, the rows at ages `leave[l]` leave in layer l, and no others of it."""
    for ids in engine.chunks(text)[:1]:
        perms = []
        for l in range(engine.L):
            age = mem.pool_ages[l].numpy()
            own = age // engine.K == j - 1
            goes = own & np.isin(age % engine.K, leave[l])
            others = generator.permutation(np.nonzero(~own)[0])
            free = engine.K - goes.sum()
            perms.append(np.concatenate([np.nonzero(own & ~goes)[0], others[free:], others[:free], np.nonzero(goes)[0]]))
        engine.inject(mem, ids, perms=perms)


def redundancy(engine, folder, episodes, seed, times, writes=8):
    """Accuracy of the pool alone by the number of the text's rows left per layer; with the law, a prediction for each time."""
    asked, other = lines_of(folder, "heldout.jsonl")[-episodes:], [x["chunk"] for x in lines_of(folder, "unrelated.jsonl")]
    K, N = engine.K, engine.N
    left = [0, 1, 2, 3, 4, 6, 8, 12, 16, K]
    accuracy = []
    for m in left:
        hits = []
        for i, line in enumerate(asked):
            rng, generator = random.Random(seed + i), np.random.RandomState(seed + i)
            mem = engine.genesis()
            engine.tell(mem, line["chunk"], generator)
            doomed = [generator.permutation(K)[:K - m] for _ in range(engine.L)]
            when = [generator.randint(0, writes, K - m) for _ in range(engine.L)]
            for j in range(1, writes + 1):
                tell_keeping(engine, mem, rng.choice(other), generator, j, [d[w == j - 1] for d, w in zip(doomed, when)])
            hits.append(engine.answer(mem, line["question"], False) == line["answer"])
        accuracy.append(np.mean(hits))
    print("rows left per layer   " + " ".join("%6d" % m for m in left))
    print("pool only             " + " ".join("%6.3f" % a for a in accuracy))
    draws = np.random.RandomState(seed)
    alive = np.full((4000, engine.L), K)
    predicted = {}
    for t in range(max(times) + 1):
        predicted[t] = np.interp(alive.mean(1), left, accuracy).mean()
        alive = alive - draws.hypergeometric(alive, N - alive, K)
    print("t                     " + " ".join("%6d" % t for t in times))
    print("predicted, pool only  " + " ".join("%6.3f" % predicted[t] for t in times), flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", default="../models/small")
    ap.add_argument("--times", default="0,1,2,4,8,16,32,64")
    ap.add_argument("--limit", type=int, default=400, help="questions of the retention table")
    ap.add_argument("--episodes", type=int, default=100, help="episodes of the other tables")
    ap.add_argument("--tables", default="demo,single,fresh,dense,changed,plain,retriever,choice,redundancy,retention")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(1)
    engine, tables = Engine(a.model), a.tables.split(",")
    if "demo" in tables:
        demo(engine, 12)
    if "single" in tables:
        single(engine, a.episodes, a.seed)
    if "fresh" in tables:
        fresh(engine, a.model, a.seed)
    if "dense" in tables:
        dense(engine, max(1, a.episodes // 4), a.seed)
    if "changed" in tables:
        changed(engine, a.model, a.episodes, a.seed)
    if "plain" in tables:
        plain(engine, a.model, 64, a.seed)
    if "retriever" in tables:
        retriever(engine, a.model, [128, 256], a.episodes, a.seed)
    if "choice" in tables:
        choice(engine, a.model, [64, 256], a.episodes, a.seed)
    times = [int(t) for t in a.times.split(",")]
    if "redundancy" in tables:
        redundancy(engine, a.model, a.episodes, a.seed, times)
    if "retention" in tables:
        retention(engine, a.model, times, a.limit, a.seed)


if __name__ == "__main__":
    main()
