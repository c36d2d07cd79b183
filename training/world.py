"""The synthetic language: people, relations, statements, questions and filler.

A fact is (person, relation, value).  Every relation lists one-word values and, with `{p}` for the
person and `{v}` for the value, statements, questions and sentences that announce a change.
To extend the language add an entry to RELATIONS, a name to PEOPLE or a sentence to FILLER, then
train the tokenizer again.
"""
import zlib
from collections import namedtuple

Fact = namedtuple("Fact", "person relation value")
Relation = namedtuple("Relation", "values statements questions changes")

PEOPLE = """Maria Peter Anna Hugo John Lucy David Clara Nina Oscar Emma Felix Greta Henry Irene Jack Karen Leo Mona
Noah Olga Paul Sarah Simon Tara Ulrich Vera Walter Xenia Yusuf Zoe Adam Bella Carl Diana Erik Fiona George Hanna Ivan
Julia Kevin Laura Martin Nora Oliver Paula Quinn Robert Thomas Ursula Victor Wendy Albert Bruno Cecil Doris Edith Frank
Gina Harold Ingrid Jonas Kira Linus Marta Nils Ophelia Philip Rita Stefan Tessa Vince Wilma Agnes Boris Carmen Dora
Edgar Flora Gustav Helen Igor Jenny Klaus Lena Mario Nadia Otis Petra Ralph Sonia Tobias Viola Wanda Amir""".split()


def _relation(values, statements, questions, changes):
    return Relation(values.split(), statements, questions, changes)


RELATIONS = {
    "city": _relation(
        "Lisbon Paris Tokyo Oslo Cairo Lima Dublin Vienna Prague Athens Madrid Berlin Rome Kyoto Quito Delhi Seoul "
        "Boston Denver Geneva Milan Havana Riga Sofia London Warsaw",
        ["{p} lives in {v}.", "{p} has a home in {v}.", "The house of {p} is in {v}.", "{p}'s home is in {v}."],
        ["Where does {p} live?", "In which city does {p} live?", "Where is the home of {p}?", "Where is {p}'s home?"],
        ["{p} moved to {v}.", "Now {p} lives in {v}.", "{p} has moved to {v}."]),
    "job": _relation(
        "baker pilot nurse farmer lawyer tailor miner sailor plumber teacher dentist chemist banker barber butcher "
        "carpenter painter printer surgeon waiter writer guard judge cook gardener",
        ["{p} works as a {v}.", "{p} is a {v}.", "The job of {p} is {v}.", "{p} earns money as a {v}."],
        ["What does {p} work as?", "What is the job of {p}?", "What is {p}'s job?", "Which job does {p} have?"],
        ["{p} became a {v}.", "Now {p} works as a {v}.", "{p} is now a {v}."]),
    "pet": _relation(
        "parrot cat dog hamster rabbit turtle pony snake goat canary ferret lizard duck goose mouse pigeon spider frog "
        "crab donkey hedgehog squirrel lamb hen",
        ["{p} keeps a {v}.", "{p} has a {v} at home.", "The pet of {p} is a {v}.", "{p}'s pet is a {v}."],
        ["Which animal does {p} keep?", "What pet does {p} have?", "What is the pet of {p}?", "What animal is {p}'s pet?"],
        ["Now {p} keeps a {v}.", "{p} got a {v} instead."]),
    "petname": _relation(
        "Otto Bingo Rex Milo Luna Coco Ziggy Pepper Toby Simba Nemo Daisy Rusty Shadow Tiger Biscuit Waffles Pickles "
        "Noodle Sparky Gizmo Bandit Whisky Muffin",
        ["The pet of {p} is called {v}.", "{p} has a pet called {v}.", "{p} named the pet {v}.", "{p}'s pet is named {v}."],
        ["What is the name of {p}'s pet?", "What is the pet of {p} called?", "How is the pet of {p} called?"],
        ["{p} renamed the pet {v}.", "Now the pet of {p} is called {v}."]),
    "drink": _relation(
        "tea coffee milk water juice cocoa cider beer wine lemonade soda rum gin brandy nectar kefir punch broth tonic "
        "mead smoothies espresso champagne vodka",
        ["{p} likes to drink {v}.", "The favourite drink of {p} is {v}.", "{p} always orders {v}.", "{p} drinks {v}."],
        ["What does {p} drink?", "What does {p} like to drink?", "What is the favourite drink of {p}?", "What does {p} always order?"],
        ["Now {p} drinks {v}.", "{p} now likes to drink {v}."]),
    "food": _relation(
        "pasta rice soup bread cheese salad pizza curry stew fish beans eggs pancakes dumplings noodles potatoes "
        "mushrooms sausages lentils olives spinach carrots honey tofu",
        ["{p} loves to eat {v}.", "The favourite food of {p} is {v}.", "{p} often cooks {v}.", "{p} eats {v}."],
        ["What does {p} love to eat?", "What does {p} eat?", "What is the favourite food of {p}?", "What does {p} often cook?"],
        ["Now {p} eats {v}.", "{p} now loves to eat {v}."]),
    "instrument": _relation(
        "piano violin guitar flute trumpet cello harp drums banjo oboe clarinet organ tuba lute viola bassoon accordion "
        "horn mandolin trombone saxophone harmonica ukulele zither",
        ["{p} plays the {v}.", "{p} practises the {v} each day.", "The instrument of {p} is the {v}.", "{p} owns a good {v}."],
        ["Which instrument does {p} play?", "What does {p} play?", "What does {p} practise each day?", "What is the instrument of {p}?"],
        ["Now {p} plays the {v}.", "{p} switched to the {v}."]),
    "sport": _relation(
        "tennis golf rugby chess boxing rowing cycling skiing judo fencing hockey cricket archery surfing climbing karate "
        "squash bowling swimming running football baseball volleyball sailing",
        ["{p} trains {v} on Sundays.", "The sport of {p} is {v}.", "{p} is good at {v}.", "{p}'s sport is {v}."],
        ["Which sport does {p} train?", "What is the sport of {p}?", "What is {p}'s sport?", "What is {p} good at?"],
        ["Now {p} trains {v} on Sundays.", "{p} took up {v}."]),
    "car": _relation(
        "red blue green yellow black white grey brown purple pink silver golden beige crimson turquoise violet bronze "
        "maroon scarlet teal navy lime cream copper",
        ["{p} drives a {v} car.", "The car of {p} is {v}.", "{p} bought a {v} car.", "{p}'s car is {v}."],
        ["What colour is the car of {p}?", "What colour is {p}'s car?", "Which colour of car does {p} drive?"],
        ["{p} painted the car {v}.", "Now the car of {p} is {v}.", "Now {p} drives a {v} car."]),
    "language": _relation(
        "Greek Latin Welsh Dutch Polish Czech Danish Arabic Hindi Korean Thai Turkish Finnish Irish Swahili Basque Russian "
        "Persian Hebrew Malay Spanish French Italian Swedish",
        ["{p} speaks {v}.", "{p} is learning {v}.", "The language of {p} is {v}.", "{p} reads books in {v}."],
        ["Which language does {p} speak?", "What language does {p} know?", "What is the language of {p}?"],
        ["Now {p} is learning {v}.", "Now {p} speaks {v}."]),
    "collection": _relation(
        "stamps coins shells maps clocks dolls hats posters masks bottles knives buttons postcards spoons feathers fossils "
        "lamps puppets stones keys marbles rings badges kites",
        ["{p} collects {v}.", "{p} owns a box of {v}.", "The shelf of {p} is full of {v}.", "{p} has many {v}."],
        ["What does {p} collect?", "What is on the shelf of {p}?", "What is {p} collecting?"],
        ["Now {p} collects {v}.", "{p} started to collect {v}."]),
    "flower": _relation(
        "roses tulips lilies daisies orchids violets poppies irises asters dahlias peonies lupins lilacs sunflowers begonias "
        "jasmine lavender carnations daffodils marigolds pansies hyacinths snowdrops heather",
        ["{p} grows {v} in the garden.", "The garden of {p} is full of {v}.", "{p} planted {v}.", "{p}'s garden has {v}."],
        ["What does {p} grow in the garden?", "Which flowers does {p} grow?", "What is in the garden of {p}?"],
        ["Now {p} grows {v} in the garden.", "Now the garden of {p} is full of {v}."]),
    "country": _relation(
        "Portugal France Japan Norway Egypt Peru Ireland Austria Greece Spain Germany Italy Ecuador India Korea Cuba Latvia "
        "Bulgaria Poland Kenya Chile Canada Turkey Iceland",
        ["{p} comes from {v}.", "{p} was born in {v}.", "The family of {p} comes from {v}.", "{p} grew up in {v}."],
        ["Where does {p} come from?", "Where was {p} born?", "Which country does {p} come from?"],
        ["In fact {p} comes from {v}.", "In fact {p} was born in {v}."]),
    "subject": _relation(
        "history physics biology geography music law medicine poetry logic botany zoology geology algebra geometry grammar "
        "theology philosophy economics astronomy drama statistics genetics ethics optics",
        ["{p} studies {v}.", "{p} takes a course in {v}.", "The course of {p} is {v}.", "{p} reads about {v}."],
        ["What does {p} study?", "Which course does {p} take?", "What is the course of {p}?", "What does {p} read about?"],
        ["Now {p} studies {v}.", "{p} changed to {v}."]),
}

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
They found an old map under the stairs. The last visitors left before midnight. Well then. I see.""".replace("\n", " ")


class World:
    """Vocabulary lists and the held-out split of the fact world."""

    def __init__(self, heldout_modulus=8):
        self.modulus = heldout_modulus
        self.people = PEOPLE
        self.person_index = {name: i for i, name in enumerate(PEOPLE)}
        self.relations = list(RELATIONS)
        self.filler = [s.strip() + "." for s in FILLER.split(".") if s.strip()]

    def is_heldout(self, fact):
        """True for the facts (one in eight) that no training text ever states."""
        return zlib.crc32(("%s|%s|%s" % fact).encode()) % self.modulus == 0

    def values(self, person, relation, heldout):
        """Values of the wanted split; `heldout` None means both."""
        every = RELATIONS[relation].values
        if heldout is None:
            return every
        return [v for v in every if self.is_heldout((person, relation, v)) == heldout]

    def draw(self, rng, person, relation, heldout, avoid=None):
        """A random fact of the wanted split, or None where the pair has no such value."""
        values = [v for v in self.values(person, relation, heldout) if v != avoid]
        return Fact(person, relation, rng.choice(values)) if values else None

    def state(self, rng, fact, change=False):
        """The fact as a sentence; `change` prefers wordings that announce a new value."""
        rel = RELATIONS[fact.relation]
        wordings = rel.changes if rng.random() < (0.75 if change else 0.12) else rel.statements
        return rng.choice(wordings).format(p=fact.person, v=fact.value)

    def ask(self, rng, fact):
        """The prompt of a question about the fact."""
        return "Question: %s Answer:" % rng.choice(RELATIONS[fact.relation].questions).format(p=fact.person)

    def complete(self, rng, fact):
        """(prompt, rest) of a statement cut before its value; the person always stands in the prompt."""
        rel = RELATIONS[fact.relation]
        text = rng.choice(rel.statements).format(p=fact.person, v="|")
        prompt, rest = text.split(" |")
        return prompt, rest

    def compact(self, rng, fact, gap):
        """A telegram-style statement with at most `gap` words between person and value (first lessons only)."""
        words = [w.rstrip(".") for w in rng.choice(RELATIONS[fact.relation].statements).split() if "{" not in w]
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
            fact = self.draw(rng, rng.choice(self.people), rng.choice(self.relations), None)
            out.append(self.state(rng, fact, rng.random() < 0.3))
            out.append(self.ask(rng, fact) + " " + fact.value)
        return out
