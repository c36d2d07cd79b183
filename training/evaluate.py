"""Measure the exported model with the real sequential procedure: one write after another from the genesis memory.

Tables: retention after t unrelated writes (pool only, pool and bank), the fresh memory, changed facts, single short
facts, dense texts, and the demonstration dialogue.  Answers are greedy and must match exactly.
"""
import argparse
import json
import os
import random

import numpy as np
import torch

from engine import Engine
from world import RELATIONS, World

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
    facts = [world.draw(rng, rng.choice(world.people), rng.choice(world.relations), True) for _ in range(draws)]
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
                first = world.draw(rng, rng.choice(world.people), rng.choice(world.relations), True)
                second = first and world.draw(rng, first.person, first.relation, True, avoid=first.value)
            told = world.state(rng, first)
            change = rng.choice(RELATIONS[first.relation].changes).format(p=second.person, v=second.value)
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
            fact = world.draw(rng, rng.choice(world.people), rng.choice(world.relations), True)
        mem = engine.genesis()
        engine.tell(mem, world.state(rng, fact), generator)
        asked.append(engine.answer(mem, world.ask(rng, fact)) == fact.value)
        completed.append(engine.answer(mem, world.complete(rng, fact)[0]).split(" ")[0].rstrip(".") == fact.value)
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
                fact = world.draw(rng, rng.choice(world.people), rng.choice(world.relations), True)
                if fact:
                    facts[fact[:2]] = fact
            mem = engine.genesis()
            engine.tell(mem, " ".join(world.state(rng, f) for f in facts.values()), generator)
            hits += [engine.answer(mem, world.ask(rng, f)) == f.value for f in facts.values()]
        print("text of %2d facts without filler: %s" % (count, share(hits)), flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", default="../models/small")
    ap.add_argument("--times", default="0,1,2,4,8,16,32,64")
    ap.add_argument("--limit", type=int, default=400, help="questions of the retention table")
    ap.add_argument("--episodes", type=int, default=100, help="episodes of the other tables")
    ap.add_argument("--tables", default="demo,single,fresh,dense,changed,retention")
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
    if "retention" in tables:
        retention(engine, a.model, [int(t) for t in a.times.split(",")], a.limit, a.seed)


if __name__ == "__main__":
    main()
