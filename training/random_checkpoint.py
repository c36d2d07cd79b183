"""Write a checkpoint of random weights in Hugging Face layout: the size of a real model without its training, for speed comparisons.

Nothing can be learnt from its answers. Two things are arranged: every word of the tokenizer is one token, so that a text of n words has n
tokens; and bytes and special tokens have zero embeddings, so that greedy decoding never ends early and always yields whole text.
"""
import argparse
import itertools
import json
import os

import torch

from mapped_tensors import TensorWriter

SHAPES = {
    # layers, d, heads, kv heads, ff, vocabulary, K, pool blocks, retrieved blocks, key width, longest chunk
    "100m": (12, 768, 12, 4, 2048, 32000, 128, 20, 4, 48, 512),
    "tiny": (3, 64, 4, 2, 160, 1000, 16, 5, 2, 16, 64),
}
SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|pad|>"]
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def config_of(shape, dtype, bank_rows):
    layers, d, heads, kv, ff, vocab, K, pool, retrieved, width, longest = shape
    return dict(
        architectures=["MPlus"], model_type="llama", torch_dtype=dtype, vocab_size=vocab, hidden_size=d, intermediate_size=ff,
        num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv, head_dim=d // heads, hidden_act="silu",
        rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=None, max_position_embeddings=8192, attention_bias=False, mlp_bias=False,
        tie_word_embeddings=False, bos_token_id=vocab - 3, eos_token_id=vocab - 2, pad_token_id=vocab - 1, num_tokens=K,
        num_blocks=pool + retrieved, num_memory_tokens=pool * K, add_bos_embedding=True, add_decoder_lora=False, drop_memory_per_layer=True,
        num_ltm_blocks=retrieved, update_ltm_mode="immediate", initial_rf_when_moving_stm_to_ltm=1e6, decay_frequency=1,
        update_ltm_frequency=60, ltm_initial_size=bank_rows, add_selector=True, selector_hidden_dim=width, num_selector_layers=2,
        add_encoder_retriever=False, map_from_hidden_states=True, max_length=longest)


def byte_letters():
    """The letter that byte-level BPE writes for each byte (the table of GPT-2)."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    rest = (b for b in range(256) if b not in plain)
    table = {b: chr(b) for b in plain}
    table.update({b: chr(256 + i) for i, b in enumerate(rest)})
    return [table[b] for b in range(256)]


def tokenizer_of(vocab):
    """256 bytes, then words of four letters with a blank before them, then the special tokens."""
    words = ("\u0120" + "".join(w) for w in itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=4))
    pieces = byte_letters() + list(itertools.islice(words, vocab - 256 - len(SPECIAL)))
    split = dict(type="Split", pattern=dict(Regex=PATTERN), behavior="Isolated", invert=False)
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
    added = [dict(id=len(pieces) + i, content=t, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
             for i, t in enumerate(SPECIAL)]
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=added, normalizer=None,
        pre_tokenizer=dict(type="Sequence", pretokenizers=[split, level]), post_processor=None,
        decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
        model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False,
                   byte_fallback=False, ignore_merges=True, vocab={p: i for i, p in enumerate(pieces)}, merges=[]))


class Maker:
    """Draws tensors one after another from one seed and writes each at once: a bank of 100,000 rows need not fit in memory."""

    def __init__(self, writer, dtype, seed):
        self.writer, self.dtype = writer, dtype
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, name, *shape, std=1.0, silent=()):
        value = torch.randn(*shape, generator=self.generator) * std
        for rows in silent:
            value[rows] = 0
        self.writer.add(name, value.to(self.dtype))
        return value.to(self.dtype).float()

    def ones(self, name, *shape):
        self.writer.add(name, torch.ones(*shape).to(self.dtype))


def write_layer(make, layer, d, dkv, ff, width):
    """Returns the two matrices of the key projector; their product makes the keys of the bank."""
    p = "model.layers.%d." % layer
    s = d ** -0.5
    make.ones(p + "input_layernorm.weight", d)
    make.ones(p + "post_attention_layernorm.weight", d)
    make.draw(p + "self_attn.q_proj.weight", d, d, std=2 * s)
    make.draw(p + "self_attn.k_proj.weight", dkv, d, std=s)
    make.draw(p + "self_attn.v_proj.weight", dkv, d, std=2 * s)
    make.draw(p + "self_attn.o_proj.weight", d, d, std=2 * s)
    make.draw(p + "mlp.gate_proj.weight", ff, d, std=s)
    make.draw(p + "mlp.up_proj.weight", ff, d, std=s)
    make.draw(p + "mlp.down_proj.weight", d, ff, std=ff ** -0.5)
    make.draw(p + "self_attn.query_proj.0.weight", 2 * width, d, std=s)
    make.draw(p + "self_attn.query_proj.2.weight", width, 2 * width, std=2 * width ** -0.5)
    first = make.draw(p + "self_attn.key_proj.0.weight", 2 * width, d, std=s)
    return first, make.draw(p + "self_attn.key_proj.2.weight", width, 2 * width, std=2 * width ** -0.5)


def write_bank(make, layer, rows, projector, width, d):
    """Rows of the bank with the keys that the model itself would give them."""
    value = make.draw("ltm.%d" % layer, rows, d)
    normed = value * torch.rsqrt(value.pow(2).mean(-1, keepdim=True) + 1e-5)
    keys = torch.nn.functional.silu(normed @ projector[0].t()) @ projector[1].t()
    make.writer.add("ltm_keys.%d" % layer, keys.to(make.dtype))
    make.writer.add("ltm_recall_frequencies.%d" % layer, torch.full((rows,), 1e6))
    make.writer.add("ltm_ages.%d" % layer, torch.arange(rows - 1, -1, -1).float())


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    ap.add_argument("--shape", choices=SHAPES, default="100m")
    ap.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    ap.add_argument("--bank_rows", type=int, default=16384)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    torch.set_grad_enabled(False)
    shape = SHAPES[a.shape]
    layers, d, heads, kv, ff, vocab, K, pool, _, width, _ = shape
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, "config.json"), "w") as f:
        json.dump(config_of(shape, a.dtype, a.bank_rows), f, indent=1)
    with open(os.path.join(a.out, "tokenizer.json"), "w") as f:
        json.dump(tokenizer_of(vocab), f)
    silent = (slice(0, 256), slice(vocab - len(SPECIAL), vocab))
    with TensorWriter(os.path.join(a.out, "model.safetensors")) as writer:
        make = Maker(writer, getattr(torch, a.dtype), a.seed)
        make.draw("model.embed_tokens.weight", vocab, d, silent=silent)
        make.draw("lm_head.weight", vocab, d, std=d ** -0.5, silent=silent)
        make.ones("model.norm.weight", d)
        make.draw("bos_embedding", layers, 1, d)
        make.draw("new_memory_positional_emb", 1, 1, d, std=0.1)
        make.draw("memory", layers, pool * K, d)
        for layer in range(layers):
            projector = write_layer(make, layer, d, d // heads * kv, ff, width)
            write_bank(make, layer, a.bank_rows, projector, width, d)
    print("%s: %.2f GB" % (a.out, os.path.getsize(os.path.join(a.out, "model.safetensors")) / 1e9))


if __name__ == "__main__":
    main()
