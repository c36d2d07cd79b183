"""Write models/small/eval: what the model is examined on, none of it in a training text.

heldout.jsonl    chunk, question, answer: a text of 4 or 5 held-out facts, one of them asked
strangers.jsonl  the same about people whose names no training text has
unrelated.jsonl  chunk: texts about other pairs of person and relation
updates.jsonl    old, new, question, old_answer, new_answer: two sentences that contradict each other
plain.jsonl      text: sentences without facts, for perplexity

The pairs of heldout.jsonl and those of unrelated.jsonl are disjoint: a hash of the pair decides which file may use it.
"""
import argparse
import json
import os
import random
import zlib

from bpe import Tokenizer
from world import USER, World


def for_heldout(person, relation):
    return zlib.crc32(("pair|%s|%s" % (person, relation)).encode()) % 5 < 3


def draw_facts(world, rng, people, count, heldout):
    """`count` facts of one chunk: different pairs, at least three of one relation."""
    shared, facts = rng.choice(world.relations), []
    for _ in range(2000):
        if len(facts) == count:
            break
        person = rng.choice(people) if rng.random() > 0.12 else USER
        relation = shared if len(facts) < 3 else rng.choice(world.relations)
        if for_heldout(person, relation) != heldout or any(f[:2] == (person, relation) for f in facts):
            continue
        fact = world.draw(rng, person, relation, True if heldout else None)
        if fact and all(f.relation != fact.relation or f.value != fact.value for f in facts):
            facts.append(fact)
    if len(facts) < count:
        return draw_facts(world, rng, people, count, heldout)
    rng.shuffle(facts)
    return facts


def compose(world, tok, rng, facts, least=48, most=88):
    """A text of `least` to `most` tokens that states the facts among filler."""
    while True:
        sentences = [world.state(rng, f) for f in facts]
        while len(tok.encode(" ".join(sentences))) < least + rng.randint(0, 12):
            sentences.append(rng.choice(world.filler))
        rng.shuffle(sentences)
        text = " ".join(sentences)
        if least <= len(tok.encode(text)) <= most:
            return text


def questions(world, tok, rng, people, count):
    for i in range(count):
        facts = draw_facts(world, rng, people, rng.choice([4, 4, 5]), True)
        asked = facts[i % len(facts)]
        yield dict(chunk=compose(world, tok, rng, facts), question=world.ask(rng, asked), answer=asked.value)


def unrelated(world, tok, rng, people, count):
    for _ in range(count):
        yield dict(chunk=compose(world, tok, rng, draw_facts(world, rng, people, rng.choice([4, 4, 5]), False)))


def contradictions(world, rng, people, count):
    done = 0
    while done < count:
        person, relation = rng.choice(people), rng.choice(world.relations)
        first = world.draw(rng, person, relation, True)
        second = first and world.draw(rng, person, relation, True, avoid=first.value)
        if second:
            done += 1
            yield dict(old=world.state(rng, first), new=world.change(rng, second), question=world.ask(rng, first),
                       old_answer=first.value, new_answer=second.value)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="../models/small")
    ap.add_argument("--heldout", type=int, default=400)
    ap.add_argument("--strangers", type=int, default=200)
    ap.add_argument("--unrelated", type=int, default=640)
    ap.add_argument("--updates", type=int, default=300)
    ap.add_argument("--seed", type=int, default=7)
    a = ap.parse_args()
    world, rng = World(), random.Random(a.seed)
    tok = Tokenizer.load(os.path.join(a.out, "tokenizer.json"))
    known = world.people + world.strangers[:60]
    folder = os.path.join(a.out, "eval")
    os.makedirs(folder, exist_ok=True)
    files = {
        "heldout.jsonl": questions(world, tok, rng, known, a.heldout),
        "strangers.jsonl": questions(world, tok, rng, world.unseen, a.strangers),
        "unrelated.jsonl": unrelated(world, tok, rng, known, a.unrelated),
        "updates.jsonl": contradictions(world, rng, known, a.updates),
        "plain.jsonl": (dict(text=" ".join(rng.sample(world.filler, 4))) for _ in range(100)),
    }
    for name, lines in files.items():
        with open(os.path.join(folder, name), "w") as f:
            for line in lines:
                f.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
