"""Byte-level BPE in the layout of a Llama 3 tokenizer.json: training, encoding, decoding, writing.

Training text is ASCII, so the pieces are cut with an ASCII twin of the Llama 3 pattern; the file
carries the real pattern.
"""
import argparse
import json
import os
import random
import re
from collections import Counter

LLAMA3_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                  r"|\s*[\r\n]+|\s+(?!\S)|\s+")
ASCII_PATTERN = re.compile(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]{1,3}| ?[^\sA-Za-z0-9]+[\r\n]*"
                           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ["<|begin_of_text|>", "<|end_of_text|>", "<|pad|>"]


def byte_alphabet():
    """The printable character that stands for each byte (the GPT-2 table)."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


BYTE_CHAR = byte_alphabet()
CHAR_BYTE = {c: b for b, c in BYTE_CHAR.items()}


def merge_pair(symbols, pair):
    """Join every adjacent occurrence of `pair` in a list of symbols."""
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


def learn_merges(counts, wanted):
    """Classic BPE on a table piece -> count; ties go to the lexicographically smaller pair."""
    words = {w: [BYTE_CHAR[b] for b in w.encode()] for w in counts}
    merges = []
    while len(merges) < wanted:
        pairs = Counter()
        for w, s in words.items():
            for pair in zip(s, s[1:]):
                pairs[pair] += counts[w]
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for w, s in words.items():
            if best[0] in s:
                words[w] = merge_pair(s, best)
    return merges


class Tokenizer:
    """Encoder and decoder over a vocabulary and an ordered merge list."""

    def __init__(self, vocab, merges):
        self.vocab, self.merges = vocab, merges
        self.rank = {tuple(m): i for i, m in enumerate(merges)}
        self.token = {i: t for t, i in vocab.items()}
        self.bos, self.eos, self.pad = (len(vocab) + i for i in range(3))
        self.size = len(vocab) + len(SPECIALS)
        self.cache = {}

    @classmethod
    def load(cls, path):
        model = json.load(open(path, encoding="utf-8"))["model"]
        return cls(model["vocab"], [tuple(m.split(" ")) for m in model["merges"]])

    def piece(self, text):
        """Ids of one pre-token; a piece that is a vocabulary entry is taken whole."""
        ids = self.cache.get(text)
        if ids is None:
            s = [BYTE_CHAR[b] for b in text.encode()]
            if "".join(s) in self.vocab:
                s = ["".join(s)]
            while len(s) > 1:
                best = min(zip(s, s[1:]), key=lambda p: self.rank.get(p, 1 << 30))
                if best not in self.rank:
                    break
                s = merge_pair(s, best)
            ids = self.cache[text] = [self.vocab[t] for t in s]
        return ids

    def pieces(self, text):
        return ASCII_PATTERN.findall(text)

    def encode(self, text):
        return [i for p in self.pieces(text) for i in self.piece(p)]

    def decode(self, ids):
        data = bytes(CHAR_BYTE[c] for i in ids if i in self.token for c in self.token[i])
        return data.decode("utf-8", "replace")


def train_tokenizer(lines, size):
    """Learn a vocabulary of at most `size` entries; rare words count as much as a mild power of their frequency,
    and every word is counted with and without its leading space, so that both become single tokens."""
    counts = Counter(p for line in lines for form in (line, " " + line) for p in ASCII_PATTERN.findall(form))
    for p in list(counts):
        if p[0] == " " and p[1:2].isupper():
            counts[p[1:]] += 1
    weight = {p: 1 + int(c ** 0.5) for p, c in counts.items()}
    merges = learn_merges(weight, size - 256 - len(SPECIALS))
    vocab = {BYTE_CHAR[b]: b for b in range(256)}
    for a, b in merges:
        vocab.setdefault(a + b, len(vocab))
    return Tokenizer(vocab, merges)


def write_files(tok, folder):
    """tokenizer.json and tokenizer_config.json in the Hugging Face layout."""
    added = [dict(id=tok.bos + i, content=s, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
             for i, s in enumerate(SPECIALS)]
    byte_level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
    spec = dict(
        version="1.0", truncation=None, padding=None, added_tokens=added, normalizer=None,
        pre_tokenizer=dict(type="Sequence", pretokenizers=[
            dict(type="Split", pattern=dict(Regex=LLAMA3_PATTERN), behavior="Isolated", invert=False), byte_level]),
        post_processor=None,
        decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
        model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None,
                   fuse_unk=False, byte_fallback=False, ignore_merges=True, vocab=tok.vocab,
                   merges=[" ".join(m) for m in tok.merges]))
    config = dict(
        tokenizer_class="PreTrainedTokenizerFast", model_max_length=4096, clean_up_tokenization_spaces=False,
        bos_token=SPECIALS[0], eos_token=SPECIALS[1], pad_token=SPECIALS[2],
        added_tokens_decoder={str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in added})
    os.makedirs(folder, exist_ok=True)
    for name, value in (("tokenizer.json", spec), ("tokenizer_config.json", config)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f, ensure_ascii=False, indent=1)
            f.write("\n")


def main():
    from world import World
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--out", default="../models/small")
    ap.add_argument("--size", type=int, help="upper bound; learning stops when every piece is one token", default=4096)
    ap.add_argument("--lines", type=int, default=30000)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    lines = World().sample_text(random.Random(a.seed), a.lines)
    tok = train_tokenizer(lines, a.size)
    write_files(tok, a.out)
    pieces = Counter(p for line in lines for p in tok.pieces(" " + line))
    split = [p for p in pieces if len(tok.piece(p)) > 1]
    print("vocabulary %d, distinct pieces %d, of them split %d: %s" % (tok.size, len(pieces), len(split), split[:20]))


if __name__ == "__main__":
    main()
