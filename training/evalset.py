"""Write models/small/eval: heldout.jsonl (chunk, question, answer), unrelated.jsonl (chunk) and updates.jsonl.

A line of updates.jsonl holds two sentences that contradict each other (old, new), the question and both answers.

Every fact of heldout.jsonl is held out from training.  Its (person, relation) pairs and those of unrelated.jsonl
are disjoint: a hash of the pair decides which file may use it.
"""
import argparse
import json
import os
import random
import zlib

from bpe import Tokenizer
from world import RELATIONS, World


def for_heldout(person, relation):
    return zlib.crc32(("pair|%s|%s" % (person, relation)).encode()) % 5 < 3


def draw_facts(world, rng, count, heldout):
    """`count` facts of one chunk: different pairs, at least three of one relation."""
    shared, facts = rng.choice(world.relations), []
    while len(facts) < count:
        person = rng.choice(world.people)
        relation = shared if len(facts) < 3 else rng.choice(world.relations)
        if for_heldout(person, relation) != heldout or any(f[:2] == (person, relation) for f in facts):
            continue
        fact = world.draw(rng, person, relation, True if heldout else None)
        if fact and all(f.relation != fact.relation or f.value != fact.value for f in facts):
            facts.append(fact)
    rng.shuffle(facts)
    return facts


def compose(world, tok, rng, facts, least=40, most=64):
    """A text of `least` to `most` tokens that states the facts among filler."""
    while True:
        sentences = [world.state(rng, f) for f in facts]
        while len(tok.encode(" ".join(sentences))) < least + rng.randint(0, 8):
            sentences.append(rng.choice(world.filler))
        rng.shuffle(sentences)
        text = " ".join(sentences)
        if least <= len(tok.encode(text)) <= most:
            return text


def draw_change(world, rng):
    """A held-out fact that is stated, and another held-out value that replaces it."""
    while True:
        person, relation = rng.choice(world.people), rng.choice(world.relations)
        first = world.draw(rng, person, relation, True)
        second = first and world.draw(rng, person, relation, True, avoid=first.value)
        if second:
            break
    change = rng.choice(RELATIONS[relation].changes).format(p=person, v=second.value)
    return dict(old=world.state(rng, first), new=change, question=world.ask(rng, first), old_answer=first.value, new_answer=second.value)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="../models/small")
    ap.add_argument("--heldout", type=int, default=400)
    ap.add_argument("--unrelated", type=int, default=640)
    ap.add_argument("--updates", type=int, default=300)
    ap.add_argument("--seed", type=int, default=7)
    a = ap.parse_args()
    world, rng = World(), random.Random(a.seed)
    tok = Tokenizer.load(os.path.join(a.out, "tokenizer.json"))
    folder = os.path.join(a.out, "eval")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "heldout.jsonl"), "w") as f:
        for i in range(a.heldout):
            facts = draw_facts(world, rng, rng.choice([4, 4, 5]), True)
            asked = facts[i % len(facts)]
            line = dict(chunk=compose(world, tok, rng, facts), question=world.ask(rng, asked), answer=asked.value)
            f.write(json.dumps(line) + "\n")
    with open(os.path.join(folder, "unrelated.jsonl"), "w") as f:
        for _ in range(a.unrelated):
            facts = draw_facts(world, rng, rng.choice([4, 4, 5]), False)
            f.write(json.dumps(dict(chunk=compose(world, tok, rng, facts))) + "\n")

    with open(os.path.join(folder, "updates.jsonl"), "w") as f:
        for _ in range(a.updates):
            f.write(json.dumps(draw_change(world, rng)) + "\n")

if __name__ == "__main__":
    main()
