"""The synthetic language: people, relations, statements, questions and filler.

A fact is (person, relation, value).  A person is a known name, a made-up one, or "I", the user who talks.  Templates
are written once and filled for any of them:

    {S} subject: Maria, I, She        {P} possessive: Maria's, my, her       {O} object: Maria, me (questions)       {v} value
    {s} {es} ending of a verb: lives, goes / live, go       {is} {has} {does}: is/am, has/have, does/do

To extend the language add an entry to relations.py, a name or a sentence of filler here, then train the tokenizer again.
"""
import random
import zlib
from collections import namedtuple

from relations import RELATIONS, open_value

Fact = namedtuple("Fact", "person relation value")

WOMEN = """Maria Anna Lucy Clara Nina Emma Greta Irene Karen Mona Olga Sarah Tara Vera Xenia Zoe Bella Diana Fiona Hanna Julia
Laura Nora Paula Ursula Wendy Doris Edith Gina Ingrid Kira Marta Ophelia Rita Tessa Wilma Agnes Carmen Dora Flora Helen Jenny Lena
Nadia Petra Sonia Viola Wanda""".split()
MEN = """Peter Hugo John David Oscar Felix Henry Jack Leo Noah Paul Simon Ulrich Walter Yusuf Adam Carl Erik George Ivan Kevin
Martin Oliver Quinn Robert Thomas Victor Albert Bruno Cecil Frank Harold Jonas Linus Nils Philip Stefan Vince Boris Edgar Gustav Igor
Klaus Mario Otis Ralph Tobias Amir""".split()
PEOPLE = sorted(WOMEN + MEN)
USER = "I"

FILLER = """It rained. Time passed. Nobody spoke. The door was open. The night was long. A bell rang twice. The wind grew cold.
The lamp is lit again. The train was late again. We waited near the station. Snow fell on the old bridge.
The market opens at nine today. Some children ran across the square. The river was high after the storm.
A man sold apples near the gate. There was a long queue at the post office. The lights went out and nobody knew why.
In the evening the square was full of noise again. The old clock above the door had stopped at noon.
Good morning to all of you. Thank you for the letter. The meeting starts at ten. The report is almost done.
Please close the window before you leave. The tickets were sold out within an hour. It was a quiet day.
The road to the harbour is closed this week. They talked for a while and then went home. The soup was too hot.
A small boat crossed the lake at dawn. The weather should be better tomorrow. The new shop sells paper and ink.
Someone left an umbrella in the hall. The concert was longer than we thought. The sky turned dark.
Birds sang in the tall trees behind the church. The bus stops at the corner. Dinner was served at eight.
The library was closed because of the holiday. Nothing else happened that day. The music was loud.
They found an old map under the stairs. The last visitors left before midnight. Well then. I see.
Noted. Thank you for telling me. That is good to know. Please go on. How nice. What a day. Can you help with the report?
The printer in the office is broken. We need more chairs for the meeting. The bridge will be repaired next month.
A letter came for the neighbours. The coffee machine makes a strange noise. Prices went up again this spring.
The film lasted almost three hours. Nobody could find the key to the cellar. The garden looked lovely after the rain.
The train to the coast leaves every hour. Two ships waited outside the harbour. The old mill is now a museum.
The team lost the game but had fun. The heating does not work in this room. The street was empty at that hour.
Everyone laughed when the cake fell down. The forest is quiet in the winter. The radio played an old song.""".replace("\n", " ")

ONSETS = "b br ch d dr f fl g gr h j k kl l m n p pr qu r s sh st t tr v w y z".split()
NUCLEI = "a e i o u ai ea ei io ou".split()
CODAS = ["", "", "", "l", "n", "r", "s", "x", "th", "nd", "rk", "m"]


def made_up_words(count, seed, avoid=()):
    """Capitalised words of two or three syllables that no dictionary holds."""
    rng, words = random.Random(seed), {}
    while len(words) < count:
        syllables = [rng.choice(ONSETS) + rng.choice(NUCLEI) + rng.choice(CODAS) for _ in range(rng.choice([2, 2, 2, 3]))]
        word = "".join(syllables).capitalize()
        if 4 <= len(word) <= 9 and word not in avoid:
            words[word] = None
    return list(words)


class World:
    """Vocabulary lists and the held-out split of the fact world."""

    def __init__(self, heldout_modulus=8, made_up=0.35, user=0.12):
        self.modulus, self.made_up, self.user = heldout_modulus, made_up, user
        self.people = PEOPLE
        self.strangers = made_up_words(2000, 11, set(PEOPLE))
        self.unseen = made_up_words(400, 12, set(PEOPLE) | set(self.strangers))     # names that no training text has
        self.names = PEOPLE + self.strangers + self.unseen
        self.relations = list(RELATIONS)
        self.filler = [s.strip() for s in split_sentences(FILLER)]

    def is_woman(self, person):
        return person in WOMEN_SET or (person not in MEN_SET and zlib.crc32(person.encode()) % 2 == 0)

    def any_person(self, rng):
        """A person of training texts."""
        x = rng.random()
        if x < self.user:
            return USER
        return rng.choice(self.strangers if x < self.user + self.made_up else self.people)

    def is_heldout(self, fact):
        """True for the facts (one in eight) that no training text ever states."""
        return zlib.crc32(("%s|%s|%s" % fact).encode()) % self.modulus == 0

    def draw(self, rng, person, relation, heldout, avoid=None):
        """A random fact of the wanted split (None = both), or None where the pair has no such value."""
        rel = RELATIONS[relation]
        if rel.is_open:
            for _ in range(200):
                fact = Fact(person, relation, open_value(rng, relation))
                if fact.value != avoid and (heldout is None or self.is_heldout(fact) == heldout):
                    return fact
            return None
        values = [v for v in rel.values if v != avoid and (heldout is None or self.is_heldout((person, relation, v)) == heldout)]
        return Fact(person, relation, rng.choice(values)) if values else None

    # ---- sentences ----

    def fill(self, template, person, value, pronoun=False):
        first = person == USER
        if first:
            subject, possessive = "I", "my"
        elif pronoun:
            subject, possessive = ("she", "her") if self.is_woman(person) else ("he", "his")
        else:
            subject, possessive = person, person + "'s"
        return template.format(S=subject, P=possessive, O="me" if first else person, v=value, s="" if first else "s", es="" if first else "es", ies="y" if first else "ies",
                               **{"is": "am" if first else "is", "has": "have" if first else "has", "does": "do" if first else "does"})

    def clause(self, rng, fact, change=False):
        """(template of a whole clause, whether it begins with the subject)"""
        rel = RELATIONS[fact.relation]
        if rng.random() < (0.75 if change else 0.12):
            return "{S} " + rng.choice(rel.changes), True
        n = rng.randrange(len(rel.predicates) + len(rel.possessives))
        return ("{S} " + rel.predicates[n], True) if n < len(rel.predicates) else ("{P} " + rel.possessives[n - len(rel.predicates)], False)

    def state(self, rng, fact, change=False, pronoun=False):
        """The fact as a sentence; `change` prefers wordings that announce a new value."""
        return sentence(self.fill(self.clause(rng, fact, change)[0], fact.person, fact.value, pronoun))

    def change(self, rng, fact):
        """The fact as news."""
        return sentence(self.fill("{S} " + rng.choice(RELATIONS[fact.relation].changes), fact.person, fact.value))

    def state_both(self, rng, first, second):
        """Two facts of one person in one breath: joined by "and", or the second with a pronoun."""
        if rng.random() < 0.5 and first.person != USER:
            return self.state(rng, first) + " " + self.state(rng, second, pronoun=True)
        a, b = ("{S} " + rng.choice(RELATIONS[f.relation].predicates) for f in (first, second))
        return sentence(self.fill(a, first.person, first.value) + " and " + self.fill(b[4:], second.person, second.value))

    def ask(self, rng, fact):
        """The prompt of a question about the fact."""
        wordings = [q for q in RELATIONS[fact.relation].questions if fact.person != USER or "of {S}" not in q]
        return "Question: %s Answer:" % capital(self.fill(rng.choice(wordings), fact.person, ""))

    def complete(self, rng, fact):
        """(prompt, rest) of a statement cut before its value; the person always stands in the prompt."""
        while True:
            text = sentence(self.fill(self.clause(rng, fact)[0], fact.person, "|"))
            prompt, rest = text.split(" |")
            return prompt, rest

    def compact(self, rng, fact, gap):
        """A telegram-style statement with at most `gap` words between person and value (first lessons only)."""
        words = [w for w in self.fill(rng.choice(RELATIONS[fact.relation].predicates), fact.person, "|").split() if "|" not in w]
        return " ".join([fact.person] + words[:rng.randint(0, gap)] + [fact.value]) + "."

    def compact_ask(self, rng, fact, gap):
        """A telegram-style question with at most `gap` words after the person (first lessons only)."""
        words = [w.rstrip("?") for w in rng.choice(RELATIONS[fact.relation].questions).split() if "{" not in w]
        g = min(rng.randint(0, gap), len(words) - 1)
        head, tail = words[:len(words) - g], words[len(words) - g:]
        return "Question: %s? Answer:" % " ".join(head + [fact.person] + tail)

    def sample_text(self, rng, lines):
        """Text for the tokenizer: every wording with random fillings, as the model will meet it."""
        out = self.filler * max(1, lines // 300)
        for _ in range(lines):
            fact = self.draw(rng, self.any_person(rng), rng.choice(self.relations), None)
            out.append(self.state(rng, fact, rng.random() < 0.3, rng.random() < 0.1))
            out.append(self.ask(rng, fact) + " " + fact.value)
        return out + ["Question: Answer: unknown"] * max(1, lines // 30)


WOMEN_SET, MEN_SET = set(WOMEN), set(MEN)


def split_sentences(text):
    out, start = [], 0
    for i, c in enumerate(text):
        if c in ".?":
            out.append(text[start:i + 1])
            start = i + 1
    return out


def capital(text):
    return text[0].upper() + text[1:]


def sentence(text):
    return capital(text) + "."
