"""Accuracy over time by whom and what is asked, from the journal of `latentdb eval retention`.

Whom: a name of world.py, a made-up name, or the user ("I").  What: a value of a list, or an open one (numbers, dates, companies, streets).
"""
import argparse
import json
from collections import defaultdict

from relations import RELATIONS
from world import PEOPLE


def kind(line):
    words = line["question"].replace("'s", "").replace("?", "").split()
    who = "user" if {"I", "my", "me"} & set(words) else "name" if set(PEOPLE) & set(words) else "made-up"
    listed = {v for r in RELATIONS.values() if not r.is_open for v in r.values}
    return who, "listed" if line["answer"] in listed else "open"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--journal", default="eval-retention/journal.jsonl")
    ap.add_argument("--facts", default="../models/small/eval/heldout.jsonl")
    ap.add_argument("--series", default="pool+bank")
    a = ap.parse_args()
    kinds = [kind(json.loads(x)) for x in open(a.facts)]
    hits = defaultdict(lambda: defaultdict(dict))
    for line in map(json.loads, open(a.journal)):
        if line.get("series") == a.series:
            who, what = kinds[line["item"]]
            for group in ("%s, %s" % (who, what), who, "all"):
                hits[group][line["step"]][line["item"]] = line["score"]
    for group in sorted(hits):
        cells = hits[group]
        print("%-16s %4d  " % (group, len(cells[min(cells)])) + "  ".join("%d: %.3f" % (t, sum(c.values()) / len(c)) for t, c in sorted(cells.items())))


if __name__ == "__main__":
    main()
