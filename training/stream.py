"""Training batches: a stream of chunks that stands for successive writes, and questions asked along it."""
import random
from dataclasses import dataclass, field

import numpy as np

from world import USER, Fact

TEXT, VALUE, END, PLAIN = 3, 2, 1, 0          # kinds of target tokens in a read
CAST = 60                                     # people that one stream speaks of
UNKNOWN = "unknown"                           # the answer to what was never told


@dataclass
class Mix:
    """What a step looks like; every number may change along a stage."""
    blocks: int = 64                 # chunks in the stream
    n_min: int = 16                  # chunk lengths in tokens
    n_max: int = 16
    K: int = 24
    density: float = 8.0             # tokens per fact of the fullest chunk
    same_relation: float = 0.8       # chance that a fact of a chunk shares the relation of another
    same_person: float = 0.2
    change: float = 0.0              # chance that a fact replaces an older one of the stream
    change_recent: float = 0.0       # share of these that concern one of the last four chunks
    change_inside: float = 0.0       # chance that a told fact is changed again within its own chunk
    repeat: float = 0.0              # chance that a length group consists of repeated short texts
    joint: float = 0.0               # chance that two facts of a person share a breath
    turns: float = 0.0               # chance that a question follows an earlier one with its answer
    unknown: float = 0.0             # share of questions about what was never told
    plain: float = 0.0               # share of reads that are plain text
    lines: float = 0.0               # chance that the sentences of a chunk are lines, as turns of a talk are
    paired: float = 0.0              # chance that two successive chunks are cut from one text
    filler: float = 0.0              # chance that a chunk has no fact
    quiet_start: float = 0.0         # chance that the stream starts with ten chunks of filler (a genesis pool)
    compact: float = 0.0             # share of telegram-style facts
    gap: int = 2
    complete: float = 0.2            # share of completion prompts among reads
    changed_first: float = 0.0       # chance to ask about a changed fact if there is one
    changed_now: float = 0.0         # chance to ask about a fact that one of the last two chunks changed
    pool_blocks: int = 0             # 0: a read sees only the block it asks about
    bank_blocks: int = 0
    max_age: int = 0                 # asked chunk lies at most so many writes back
    groups: int = 16                 # points in time at which is read (pool stages)
    reads: int = 3                   # reads per group
    prefix: float = 0.0              # share of steps that write on top of older blocks
    far: int = 0                     # streams of earlier steps that stay in the bank
    far_later: float = 0.0           # share of steps in which some of them count as written after this one


@dataclass
class Batch:
    chunks: list = field(default_factory=list)      # even blocks, odd blocks: (block numbers, ids [b, n], subjects [b, n])
    ids: np.ndarray = None                           # reads [G, r, T]
    kinds: np.ndarray = None                         # [G, r, T] VALUE, END or PLAIN
    subjects: np.ndarray = None                      # [G, r, T] person the token speaks of, -100 none
    prompt: np.ndarray = None                        # [G, r, T] 1 on prompt tokens
    pool: np.ndarray = None                          # [L, G, N] rows
    time: np.ndarray = None                          # [G] newest block of each group
    source: np.ndarray = None                        # [G, r] block that holds the answer, -1 none
    told: set = None                                 # (person, relation) pairs of the stream



@dataclass
class Far:
    """Streams of earlier steps around the one of this step: blocks, and the (person, relation) pairs they tell."""
    before: int = 0
    after: int = 0
    pairs_before: set = field(default_factory=set)
    pairs_after: set = field(default_factory=set)


PRONOUNS = {"She", "He", "Her", "His"}


class Scribe:
    """Turns sentences into token ids with the person each token speaks of."""

    def __init__(self, world, tok):
        self.world, self.tok, self.memo = world, tok, {}
        # A person is known to the probe by the first token of the name; made-up names may share one.
        self.label_tokens, self.labels, seen = [], {}, {}
        for name in [USER] + world.names:
            first = tok.encode(" " + name)[0]
            if first not in seen:
                seen[first] = len(self.label_tokens)
                self.label_tokens.append(first)
            self.labels[name] = seen[first]
        for word in ("my", "My"):
            self.labels[word] = self.labels[USER]
        self.filler = {}
        for s in world.filler:
            self.filler.setdefault(len(tok.encode(" " + s)), []).append(s)

    def mark(self, text):
        """(ids, subjects) of a text; a subject holds until the end of its sentence, and a pronoun brings it back."""
        ids, subjects, current, last = [], [], -100, -100
        for p in self.tok.pieces(text):
            piece, word = self.tok.piece(p), p.strip()
            if word in PRONOUNS:
                current = last
            current = self.labels.get(word, current)
            last = current if current >= 0 else last
            ids += piece
            subjects += [current] * len(piece)
            if p[:1] in ".?":
                current = -100
        return ids, subjects

    def size(self, sentence):
        n = self.memo.get(sentence)
        if n is None:
            n = self.memo[sentence] = len(self.tok.encode(" " + sentence))
        return n

    def pad_out(self, rng, sentences, room):
        """Add filler until the sentences fill `room` tokens; a leading one may be cut by the caller."""
        while room > 0:
            fitting = [s for s in self.filler if s <= room]
            if not fitting:
                sentences.insert(0, rng.choice(self.filler[min(self.filler)]))
                return
            s = rng.choice(fitting)
            sentences.append(rng.choice(self.filler[s]))
            room -= s


class Stream:
    """Chunks in order of writing with the facts each one tells, and the value in force at any time."""

    def __init__(self, scribe, mix, rng, heldout=False, far=None):
        self.scribe, self.mix, self.rng, self.heldout, self.far = scribe, mix, rng, heldout, far or Far()
        self.world = scribe.world
        self.taboo = self.far.pairs_after        # what is told of them here does not hold any more when it is asked
        self.cast = [USER] + list({self.world.any_person(rng): None for _ in range(CAST)})
        self.history = {}            # (person, relation) -> [(block, value)]
        self.facts = []              # per block: [(person, relation)]
        self.texts = []              # per block: (ids, subjects)

    def next_fact(self, used):
        """A fact for the chunk under construction, and whether it changes an older one."""
        rng, mix = self.rng, self.mix
        if self.history and rng.random() < mix.change:
            recent = [p for facts in self.facts[-4:] for p in facts]
            pair = rng.choice(recent if recent and rng.random() < mix.change_recent else list(self.history))
            fact = self.world.draw(rng, *pair, self.heldout, avoid=self.history[pair][-1][1])
            if fact and all(f[:2] != pair for f in used):
                return fact, True
        for _ in range(20):
            p = rng.choice(used).person if used and rng.random() < mix.same_person else rng.choice(self.cast)
            r = rng.choice(used).relation if used and rng.random() < mix.same_relation else rng.choice(self.world.relations)
            if (p, r) in self.history or (p, r) in self.taboo or any(f[:2] == (p, r) for f in used):
                continue
            fact = self.world.draw(rng, p, r, self.heldout)
            if fact:
                return fact, False
        return None, False

    def sentence(self, fact, change):
        if self.rng.random() < self.mix.compact:
            return self.world.compact(self.rng, fact, self.mix.gap)
        return self.world.state(self.rng, fact, change)

    def tell(self, facts, text, n):
        """Close a block: `text` cut to its last n tokens."""
        ids, subjects = self.scribe.mark(text)
        while len(ids) < n:
            text = self.rng.choice(self.world.filler) + " " + text
            ids, subjects = self.scribe.mark(text)
        self.close(facts, ids[-n:], subjects[-n:])

    def close(self, facts, ids, subjects):
        block = len(self.texts)
        self.texts.append((ids, subjects))
        self.facts.append([f[:2] for f in facts])
        for f in facts:
            self.history.setdefault(f[:2], []).append((block, f.value))

    def add_chunk(self, n, quiet=False):
        """A chunk of n tokens: some facts in random order among filler."""
        body, told = self.compose(n, quiet)
        self.tell([f for f, _ in told], self.joined(body), n)

    def joined(self, body):
        """A line of its own is what a turn of a talk becomes; a line end takes the place of the blank, so lengths differ by little."""
        return ("\n" if self.rng.random() < self.mix.lines else " ").join(body)

    def add_pair(self, n, m):
        """Two chunks of n and m tokens cut from one text; a fact belongs to the chunk in which its sentence ends."""
        body, told = self.compose(n + m)
        ids, subjects = (x[-(n + m):] for x in self.scribe.mark(" ".join(body)))
        size = sum(map(self.scribe.size, body))
        ends, at = {}, n + m - size
        for s in body:
            at += self.scribe.size(s)
            ends[s] = at
        self.close([f for f, s in told if ends[s] <= n], ids[:n], subjects[:n])
        self.close([f for f, s in told if ends[s] > n], ids[n:], subjects[n:])

    def compose(self, n, quiet=False):
        """Sentences of at least n tokens, and the facts told with their sentences."""
        rng = self.rng
        want = 0 if quiet or rng.random() < self.mix.filler else rng.randint(1, max(1, round(n / self.mix.density)))
        room, used, told = n, [], []
        for _ in range(want):
            fact, change = self.next_fact(used)
            s = self.sentence(fact, change) if fact else None
            both = self.breath(fact, used) if s and not change else None
            if both and self.scribe.size(both[1]) <= room:
                used += [fact, both[0]]
                told += [(fact, both[1]), both]
                room -= self.scribe.size(both[1])
            elif s and self.scribe.size(s) <= room:
                used.append(fact)
                told.append((fact, s))
                room -= self.scribe.size(s)
                later = self.change_of(fact, room)
                if later:
                    told.append(later)
                    room -= self.scribe.size(later[1])
        sentences = list({s: None for _, s in told})
        head = []
        self.scribe.pad_out(rng, head, room)
        cut = sum(map(self.scribe.size, head)) > room
        first = [head.pop(0)] if cut else []
        body = sentences + head
        rng.shuffle(body)
        for (f, s), (g, later) in zip(told, told[1:]):
            i, j = body.index(s), body.index(later)
            if f[:2] == g[:2] and j < i:
                body[i], body[j] = later, s
        return first + body, told

    def breath(self, fact, used):
        """(second fact of the person, both in one text), or None by chance or where there is none."""
        if self.rng.random() >= self.mix.joint:
            return None
        relation = self.rng.choice(self.world.relations)
        if relation == fact.relation or (fact.person, relation) in self.history or (fact.person, relation) in self.taboo or any(f[:2] == (fact.person, relation) for f in used):
            return None
        other = self.world.draw(self.rng, fact.person, relation, self.heldout)
        return (other, self.world.state_both(self.rng, fact, other)) if other else None

    def change_of(self, fact, room):
        """(fact, sentence) that gives the pair of `fact` another value, or None: by chance or for want of room."""
        if self.rng.random() >= self.mix.change_inside:
            return None
        new = self.world.draw(self.rng, *fact[:2], self.heldout, avoid=fact.value)
        s = new and self.world.state(self.rng, new, change=True)
        return (new, s) if s and self.scribe.size(s) <= room else None

    def add_repeated(self, unit, n):
        """A text of `unit` tokens told n / unit times, as the service does with texts under 16 tokens."""
        for _ in range(400):
            used, sentences, room = [], [], unit
            while room > 0 and len(used) < 3:
                fact, change = self.next_fact(used)
                if not fact:
                    break
                s = self.sentence(fact, change)
                if self.scribe.size(s) > room:
                    break
                used.append(fact)
                sentences.append(s)
                room -= self.scribe.size(s)
                later = self.change_of(fact, room)
                if later:
                    used.append(later[0])
                    sentences.append(later[1])
                    room -= self.scribe.size(later[1])
            if room == 0:
                return self.tell(used, " ".join([" ".join(sentences)] * (n // unit)), n)
        self.add_chunk(n)

    def value_at(self, pair, time):
        """(block, value) in force after the write of block `time`."""
        return [x for x in self.history[pair] if x[0] <= time][-1]


def drop_series(nprng, blocks, K, pool_blocks, layers):
    """Row numbers of the pool of each layer after every write, under the real drop rule: [layers, <=N] per write."""
    N = pool_blocks * K
    pools, series = [np.zeros(0, np.int64)] * layers, []
    for t in range(blocks):
        for l in range(layers):
            old = pools[l]
            if len(old) + K > N:
                old = old[np.sort(nprng.permutation(len(old))[:N - K])]
            pools[l] = np.concatenate([old, np.arange(t * K, (t + 1) * K)])
        series.append(np.stack(pools))
    return series


class Batcher:
    """Draws training batches."""

    def __init__(self, scribe, seed, heldout=False, layers=4):
        self.scribe, self.heldout, self.layers = scribe, heldout, layers
        self.rng, self.np = random.Random(seed), np.random.RandomState(seed)

    def draw_length(self, mix):
        """(n, unit): a chunk length, and the length of the repeated text or 0."""
        if self.rng.random() < mix.repeat:
            unit = self.rng.choice([4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15])
            return -(-16 // unit) * unit, unit
        return self.rng.randint(mix.n_min, mix.n_max), 0

    def write_stream(self, mix, far):
        """A stream whose even and odd blocks have a length each, and the batch with its chunks."""
        rng = self.rng
        stream = Stream(self.scribe, mix, rng, self.heldout, far)
        lengths = [self.draw_length(mix) for _ in range(2)]
        quiet = 10 if rng.random() < mix.quiet_start else 0
        while len(stream.texts) < mix.blocks:
            b = len(stream.texts)
            n, unit = lengths[b % 2]
            if b % 2 == 0 and b >= quiet and not lengths[0][1] + lengths[1][1] and rng.random() < mix.paired:
                stream.add_pair(n, lengths[1][0])
            elif unit and b >= quiet:
                stream.add_repeated(unit, n)
            else:
                stream.add_chunk(n, quiet=b < quiet)
        batch = Batch()
        for g in range(2):
            own = list(range(g, mix.blocks, 2))
            ids, subjects = zip(*[stream.texts[b] for b in own])
            batch.chunks.append((np.array(own), np.array(ids), np.array(subjects)))
        return stream, batch

    def plain_text(self, stream):
        """A read without question: filler, to be continued word by word."""
        text = " ".join(self.rng.sample(stream.world.filler, self.rng.randint(2, 4)))
        ids, subjects = self.scribe.mark(text)
        return ids, [PLAIN] + [TEXT] * (len(ids) - 1), subjects, len(ids)

    def untold(self, stream, time):
        """A pair whose person was spoken of, but not with that relation."""
        told = [p for p, h in stream.history.items() if h[0][0] <= time]
        for _ in range(50):
            pair = (self.rng.choice(told)[0], self.rng.choice(stream.world.relations)) if told else (USER, self.rng.choice(stream.world.relations))
            if all(pair not in told for told in (stream.history, stream.far.pairs_before, stream.far.pairs_after)):
                return pair
        return None

    def read_text(self, stream, pair, value, before=""):
        """(ids, kinds, subjects, prompt length) of one question or completion with its answer; `before` are earlier turns."""
        rng, mix, tok = self.rng, stream.mix, self.scribe.tok
        fact = Fact(*pair, value)
        rest = ""
        if rng.random() < mix.compact:
            prompt = stream.world.compact_ask(rng, fact, mix.gap)
        elif value != UNKNOWN and not before and rng.random() < mix.complete:
            prompt, rest = stream.world.complete(rng, fact)
        else:
            prompt = before + stream.world.ask(rng, fact)
        ids, subjects = self.scribe.mark(prompt)
        answer, tail = tok.encode(" " + value), tok.encode(rest)
        kinds = [PLAIN] * len(ids) + [VALUE] * len(answer) + [END] * (len(tail) + 1)
        full = ids + answer + tail + [tok.eos]
        return full, kinds, subjects + [-100] * (len(full) - len(ids)), len(ids)

    def pick(self, stream, time, max_age):
        """A (person, relation) told at most `max_age` writes before block `time`."""
        rng = self.rng
        if rng.random() < stream.mix.changed_now:
            news = [p for facts in stream.facts[max(0, time - 1):time + 1] for p in facts
                    if sum(b <= time for b, _ in stream.history[p]) > 1]
            if news:
                return rng.choice(news)
        if rng.random() < stream.mix.changed_first:
            changed = [p for p, h in stream.history.items()
                       if len(h) > 1 and any(0 < i and time - max_age <= b <= time for i, (b, _) in enumerate(h))]
            if changed:
                return rng.choice(changed)
        for _ in range(200):
            b = time - rng.randint(0, min(time, max_age))
            if stream.facts[b]:
                return rng.choice(stream.facts[b])
        told = [p for p, h in stream.history.items() if h[0][0] <= time]
        return rng.choice(told) if told else None

    def one_read(self, stream, time, mix):
        """(block that holds the answer or -1, the read)."""
        x = self.rng.random()
        if x < mix.plain:
            return -1, self.plain_text(stream)
        if x < mix.plain + mix.unknown:
            pair = self.untold(stream, time)
            if pair:
                return -1, self.read_text(stream, pair, UNKNOWN)
        age = mix.max_age if mix.pool_blocks else 0
        pair = self.pick(stream, time, age) or self.rng.choice(list(stream.history))
        block, value = stream.value_at(pair, max(time, stream.history[pair][0][0]))
        before = ""
        if self.rng.random() < mix.turns:
            earlier = self.pick(stream, time, age)
            if earlier and earlier != pair:
                told = Fact(*earlier, stream.value_at(earlier, max(time, stream.history[earlier][0][0]))[1])
                before = stream.world.ask(self.rng, told) + " " + told.value + "\n"
        return block, self.read_text(stream, pair, value, before)

    def draw(self, mix, far=None):
        """One step's worth of chunks and reads; row and block numbers count from the oldest block of `far`."""
        far = far or Far()
        stream, batch = self.write_stream(mix, far)
        batch.told = set(stream.history)
        K = mix.K
        if mix.pool_blocks == 0:
            times = batch.time = np.array([b for b in range(mix.blocks) if stream.facts[b]])
            batch.pool = np.stack([np.stack([np.arange(b * K, b * K + K) for b in times])] * self.layers)
        else:
            # With later streams all of this one is told, and the pool is that of the last of them.
            first = mix.blocks // 2 if far.after else mix.pool_blocks + mix.bank_blocks - 1
            ends = sorted(self.rng.randint(first, mix.blocks - 1) for _ in range(mix.groups))
            series = drop_series(self.np, mix.blocks, K, mix.pool_blocks, self.layers)
            start = far.before + far.after          # of the stream that is written last
            batch.pool, batch.time = np.stack([series[t] for t in ends], 1) + start * K, np.array(ends) + start
            times = [mix.blocks - 1] * len(ends) if far.after else ends
        texts, batch.source = [], np.zeros((len(times), mix.reads), np.int64)
        for g, t in enumerate(times):
            for r in range(mix.reads):
                block, text = self.one_read(stream, t, mix)
                batch.source[g, r] = block if block < 0 else block + far.before
                texts.append(text)
        T = max(len(x[0]) for x in texts)
        fill = lambda i, empty: np.array([x[i] + [empty] * (T - len(x[i])) for x in texts]).reshape(len(times), mix.reads, T)
        batch.ids, batch.kinds, batch.subjects = fill(0, self.scribe.tok.pad), fill(1, PLAIN), fill(2, -100)
        batch.prompt = np.array([[1] * x[3] + [0] * (T - x[3]) for x in texts]).reshape(len(times), mix.reads, T)
        return batch
