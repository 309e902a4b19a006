"""What is tried: the settings of the language model and of the pictures, none of which needs a
restart, and the models that are made for them on the spot with random weights."""

import math
import random

GIB = 2**30

# Sequences that are decoded together, kernels of attention, how the cache is kept, and the weights'
# type. Written as a landscape has it; the defaults are what Transformers does when nobody says anything.
PARAMETERS = [
    {
        "name": "attention", "kind": "choice", "options": ["sdpa", "eager"], "default": "sdpa",
        "told": {"tell": "field", "field": "attention"},
        "effect": "Which kernels compute attention.",
        "danger": "Eager attention takes more memory for long prompts.",
        "changes_output": False,
    },
    {
        "name": "batch", "kind": "int", "min": 1, "max": 32, "levels": [1, 4, 16, 32], "default": 1,
        "told": {"tell": "field", "field": "batch"},
        "effect": "How many requests are worked on together; others wait in line.",
        "danger": "Memory for the cache grows with it.",
        "changes_output": False,
    },
    {
        "name": "cache", "kind": "choice", "options": ["dynamic", "static"], "default": "dynamic",
        "told": {"tell": "field", "field": "cache"},
        "effect": "Whether the cache grows with each token or is laid out in advance.",
        "danger": "A static cache computes over room that is not filled yet.",
        "changes_output": False,
    },
    {
        "name": "dtype", "kind": "choice", "options": ["bfloat16", "float16", "float32"],
        "default": "bfloat16", "told": {"tell": "field", "field": "dtype"},
        "effect": "As what weights are stored and computed.",
        "danger": "Another type can change what the model answers.",
        "changes_output": True,
    },
]  # fmt: skip
DEFAULT = {one["name"]: one["default"] for one in PARAMETERS}
# The default first, each setting alone, then what the large batches leave to gain.
CONFIGURATIONS = [
    {**DEFAULT, **changed}
    for changed in (
        {},
        {"attention": "eager"},
        {"cache": "static"},
        {"batch": 4},
        {"batch": 16},
        {"batch": 32},
        {"batch": 4, "cache": "static", "dtype": "float16"},
        {"batch": 16, "attention": "eager", "cache": "static"},
        {"batch": 32, "attention": "eager"},
        {"batch": 32, "cache": "static"},
        {"batch": 32, "dtype": "float16"},
        {"batch": 32, "dtype": "float32"},
    )
]
PICTURE_CONFIGURATIONS = [
    {"batch": 1, "attention": "sdpa"},
    {"batch": 2, "attention": "sdpa"},
    {"batch": 4, "attention": "sdpa"},
    {"batch": 4, "attention": "eager"},
]

# Few wide layers: decoding is then bound by the board and less by Python that starts its kernels.
# (least memory in GiB, the shape), the first that fits; at most a quarter of the
# memory in float32.
SHAPES = [
    (100, {"hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 4,
           "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 32000}),
    (40, {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 6,
          "num_attention_heads": 40, "num_key_value_heads": 8, "vocab_size": 32000}),
    (16, {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 4,
          "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000}),
    (0, {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 4,
         "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": 32000}),
]  # fmt: skip
TINY = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512}  # fmt: skip
# Stable Diffusion 1.5's own sizes, and ones for a rehearsal.
PICTURES = {"unet": [320, 640, 1280, 1280], "vae": [128, 256, 512, 512], "text": 768, "text_layers": 12,
            "side": 512, "steps": 10, "pictures": 4}  # fmt: skip
TINY_PICTURES = {"unet": [32, 64], "vae": [32, 64], "text": 64, "text_layers": 2,
                 "side": 32, "steps": 2, "pictures": 4}  # fmt: skip


def shape_for(memory_bytes):
    return next(shape for least, shape in SHAPES if memory_bytes >= least * GIB)


def parameters_of(shape):
    """Weights of a Llama of this shape, input and output embedding apart."""
    hidden, head = shape["hidden_size"], shape["hidden_size"] // shape["num_attention_heads"]
    kv = head * shape["num_key_value_heads"]
    layer = 2 * hidden * hidden + 2 * hidden * kv + 3 * hidden * shape["intermediate_size"] + 2 * hidden
    return shape["num_hidden_layers"] * layer + 2 * shape["vocab_size"] * hidden + hidden


def key(configuration):
    return " ".join(f"{name}={value}" for name, value in sorted(configuration.items()))


def order(number, pass_number, seed):
    """In which order a pass visits its configurations: another one in every pass, the same again
    when an interrupted session goes on."""
    places = list(range(number))
    random.Random(f"{seed}/{pass_number}").shuffle(places)
    return places


def output_tokens(token_s, plan, window_s):
    """How long each answer is, so that the default (one request after another) makes about
    `plan.rounds` whole rounds in a window."""
    per_round_s = window_s * 1.01 / plan.rounds
    return max(4, min(256, math.ceil(per_round_s / (plan.requests * token_s))))
