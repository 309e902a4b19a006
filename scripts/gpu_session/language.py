"""A language model with random weights, made on the spot, decoded by Transformers' own generate().

Its answers mean nothing. What they cost is what a model of that shape costs."""

import time

import torch
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaConfig
from transformers import StoppingCriteria, StoppingCriteriaList

from .faults import Failed

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
CACHES = {"dynamic": "DynamicCache", "static": "StaticCache"}


class FirstToken(StoppingCriteria):
    """Stops nothing; it is asked after each token, and knows when the first was there."""

    def __init__(self, settle):
        self.settle, self.at = settle, None

    def __call__(self, input_ids, scores, **_):
        if self.at is None:
            self.settle()
            self.at = time.monotonic()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class Language:
    def __init__(self, shape, seed, device, settle):
        began = time.monotonic()
        self.device, self.settle = device, settle
        config = LlamaConfig(
            **shape, max_position_embeddings=4096, bos_token_id=1, eos_token_id=None, pad_token_id=0
        )
        torch.manual_seed(seed)
        with torch.device(device):  # weights are drawn where they are used: seconds instead of minutes
            self.model = AutoModelForCausalLM.from_config(
                config, attn_implementation="sdpa", dtype=torch.bfloat16
            )
        self.model.eval().to(device=device, dtype=torch.bfloat16)
        # An end token would end answers early; every answer has its full length.
        self.model.generation_config.eos_token_id = None
        self.settle()
        self.config, self.load_s = config, time.monotonic() - began
        self.configuration = None

    def facts(self):
        return {
            "architecture": type(self.model).__name__,
            "parameters": sum(one.numel() for one in self.model.parameters()),
            "bytes": sum(one.numel() * one.element_size() for one in self.model.parameters()),
            "load_s": self.load_s,
        }

    def plan(self, requests, prompt_tokens, output_tokens, seed):
        """The same prompts for every configuration: random tokens, all of one length."""
        dice = torch.Generator("cpu").manual_seed(seed)
        size = (requests, prompt_tokens)
        prompts = torch.randint(3, self.config.vocab_size, size, generator=dice)
        self.prompts, self.output_tokens = prompts.to(self.device), output_tokens
        return {"requests": requests, "prompt_tokens": prompt_tokens, "output_tokens": output_tokens}

    def prepare(self, configuration):
        """Sets everything, makes one batch that is not counted, and says what is really in use."""
        self.configuration = configuration
        self.model.to(DTYPES[configuration["dtype"]])
        self.model.set_attn_implementation(configuration["attention"])
        began = time.monotonic()
        made, _ = self.generate(self.prompts[: configuration["batch"]])
        self.settle()
        # `cache` in Transformers 5.24, `past_key_values` before.
        told = [getattr(made, name, None) for name in ("cache", "past_key_values")]
        cache = next((type(one).__name__ for one in told if one is not None), "unknown")
        names = {name: word for word, name in CACHES.items()}
        return {
            "batch_s": time.monotonic() - began,
            "used": {
                "attention": self.model.config._attn_implementation,
                "batch": made.sequences.shape[0],
                "cache": names.get(cache, cache),
                "dtype": str(self.model.dtype).removeprefix("torch."),
            },
        }

    def round(self):
        """All requests once, batch by batch."""
        batch = self.configuration["batch"]
        for at in range(0, len(self.prompts), batch):
            prompts = self.prompts[at : at + batch]
            made, first = self.generate(prompts)
            count, length = made.sequences.shape
            tokens = count * (length - prompts.shape[1])
            wanted = len(prompts) * self.output_tokens
            if tokens != wanted:
                raise Failed("wrong-work", f"{tokens} tokens came, {wanted} were asked for")
            self.settle()
            yield {"units": tokens, "requests": count, "first_at": first}

    @torch.inference_mode()
    def generate(self, prompts):
        first = FirstToken(self.settle)
        cache = self.configuration["cache"]
        made = self.model.generate(
            input_ids=prompts,
            attention_mask=torch.ones_like(prompts),
            generation_config=GenerationConfig(
                max_new_tokens=self.output_tokens,
                do_sample=False,
                use_cache=True,
                cache_implementation=None if cache == "dynamic" else cache,
                disable_compile=True,
                eos_token_id=None,
                pad_token_id=0,
                return_dict_in_generate=True,
            ),
            stopping_criteria=StoppingCriteriaList([first]),
        )
        return made, first.at
