"""Turn a training checkpoint into models/small: config.json, model.safetensors with a genesis memory, eval texts.

The genesis memory is made by writing filler-only chunks one after another with the real drop rule, so that a new
user starts from rows of the kind the model has seen, and from no facts.
"""
import argparse
import json
import os
import random

import numpy as np
import torch

import model as models
from bpe import Tokenizer
from engine import Engine
from stream import Mix, Scribe, Stream
from tensors import write_tensors
from world import World


def llama_config(cfg, tok, max_length, retrieved):
    """config.json: the Llama keys and the memory keys of M+; num_retrieved_tokens is LatentDB's own."""
    K, blocks = cfg.block_rows, cfg.pool_blocks + cfg.bank_blocks
    few = dict(num_retrieved_tokens=retrieved) if retrieved else {}
    return few | dict(
        architectures=["MPlus"], model_type="llama", torch_dtype="float32", vocab_size=cfg.vocab, hidden_size=cfg.d,
        intermediate_size=cfg.ff, num_hidden_layers=cfg.layers, num_attention_heads=cfg.heads,
        num_key_value_heads=cfg.kv_heads, head_dim=cfg.d // cfg.heads, hidden_act="silu", rms_norm_eps=cfg.eps,
        rope_theta=cfg.theta, rope_scaling=None, max_position_embeddings=4096, attention_bias=False, mlp_bias=False,
        attention_dropout=0.0, initializer_range=0.02, pretraining_tp=1, use_cache=True, tie_word_embeddings=True,
        bos_token_id=tok.bos, eos_token_id=tok.eos, pad_token_id=tok.pad, num_tokens=K, num_blocks=blocks,
        num_memory_tokens=cfg.pool_blocks * K, add_bos_embedding=True, add_decoder_lora=False, drop_memory_per_layer=True,
        num_ltm_blocks=cfg.bank_blocks, update_ltm_mode="immediate", initial_rf_when_moving_stm_to_ltm=100,
        decay_frequency=1, update_ltm_frequency=60, ltm_initial_size=cfg.bank_blocks * K, add_selector=True,
        selector_hidden_dim=cfg.key_dim, num_selector_layers=2, add_encoder_retriever=False,
        map_from_hidden_states=True, detach_hidden_state=True, max_length=max_length)


def named_weights(m):
    """Network weights under their published names, numpy float32."""
    out = {"model.embed_tokens.weight": m.embed, "model.norm.weight": m.norm_out}
    for l in range(m.cfg.layers):
        p = "model.layers.%d." % l
        for name, stack in (("self_attn.q_proj", m.wq), ("self_attn.k_proj", m.wk), ("self_attn.v_proj", m.wv),
                            ("self_attn.o_proj", m.wo), ("mlp.gate_proj", m.wg), ("mlp.up_proj", m.wu),
                            ("mlp.down_proj", m.wd), ("input_layernorm", m.norm_in),
                            ("post_attention_layernorm", m.norm_post), ("self_attn.query_proj.0", m.q1),
                            ("self_attn.query_proj.2", m.q2), ("self_attn.key_proj.0", m.k1), ("self_attn.key_proj.2", m.k2)):
            out[p + name + ".weight"] = stack[l]
    out["bos_embedding"] = m.bos[:, None]
    out["new_memory_positional_emb"] = m.new_row[None, None]
    return {n: t.detach().numpy().astype(np.float32) for n, t in out.items()}


def placeholder_memory(cfg):
    """Zero pool and bank under their published names; genesis() replaces them."""
    K, d = cfg.block_rows, cfg.d
    S = cfg.bank_blocks * K
    out = {"memory": np.zeros((cfg.layers, cfg.pool_blocks * K, d), np.float32)}
    for l in range(cfg.layers):
        out.update({"ltm.%d" % l: np.zeros((S, d), np.float32), "ltm_keys.%d" % l: np.zeros((S, cfg.key_dim), np.float32),
                    "ltm_recall_frequencies.%d" % l: np.full(S, 100.0, np.float32),
                    "ltm_ages.%d" % l: np.arange(S - 1, -1, -1, dtype=np.float32)})
    return out


def filler_chunks(world, tok, count, seed):
    """Token chunks of 32 to 96 tokens without any fact."""
    stream = Stream(Scribe(world, tok), Mix(), random.Random(seed))
    for _ in range(count):
        stream.add_chunk(stream.rng.randint(32, 96), quiet=True)
    return [ids for ids, _ in stream.texts]


def genesis(folder, tensors, seed, writes=40):
    """Pool and bank after `writes` filler-only writes; the bank keeps the youngest dropped rows."""
    engine = Engine(folder)
    mem, generator = engine.genesis(), np.random.RandomState(seed)
    for ids in filler_chunks(World(), engine.tok, writes, seed):
        engine.inject(mem, ids, generator)
    S = len(tensors["ltm.0"])
    tensors["memory"] = mem.pool.numpy()
    for l in range(engine.L):
        youngest = mem.staged_ages[l].numpy().argsort(kind="stable")[:S][::-1].copy()     # oldest first
        tensors["ltm.%d" % l] = mem.staged[l][youngest].numpy()
        tensors["ltm_keys.%d" % l] = mem.staged_keys[l][youngest].numpy()
        # older than every pool row, whose ages at load are 0 .. N-1
        tensors["ltm_ages.%d" % l] = np.arange(engine.N + S - 1, engine.N - 1, -1).astype(np.float32)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--checkpoint", default="runs/model.pt")
    ap.add_argument("--out", default="../models/small", help="must hold tokenizer.json already")
    ap.add_argument("--max_length", type=int, default=96, help="largest chunk in tokens")
    ap.add_argument("--retrieved", type=int, default=0, help="rows that a read takes from the bank; 0: as many as in training")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(1)
    m, _ = models.load(a.checkpoint)
    tok = Tokenizer.load(os.path.join(a.out, "tokenizer.json"))
    with open(os.path.join(a.out, "config.json"), "w") as f:
        json.dump(llama_config(m.cfg, tok, a.max_length, a.retrieved), f, indent=1)
        f.write("\n")
    tensors = dict(named_weights(m), **placeholder_memory(m.cfg))
    path = os.path.join(a.out, "model.safetensors")
    write_tensors(path, tensors, dict(format="pt"))
    genesis(a.out, tensors, a.seed)
    write_tensors(path, tensors, dict(format="pt"))
    network = sum(t.size for n, t in tensors.items() if not n.startswith(("memory", "ltm")))
    print("%d tensors, %d network parameters, %d bytes" % (len(tensors), network, os.path.getsize(path)))


if __name__ == "__main__":
    main()
