"""The model behind the server: the transformers library with the settings that were asked for."""

import os

# Nothing is fetched while an engine starts: what is not on this machine is an error.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers
from transformers.generation import BaseStreamer, StoppingCriteria, StoppingCriteriaList

from answers import Answer, StaticBatches
from served import Unsuited


class Loaded:
    def __init__(self, asked):
        if asked.threads:
            torch.set_num_threads(asked.threads)
        if not os.path.isfile(os.path.join(asked.model, "config.json")):
            raise FileNotFoundError(f"{asked.model} holds no config.json")
        cuda = torch.cuda.is_available()
        self.device = ("cuda" if cuda else "cpu") if asked.device == "auto" else asked.device
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(asked.model, local_files_only=True)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            asked.model,
            dtype=asked.dtype,
            attn_implementation=asked.attention,
            local_files_only=True,
            # Neither code of the model's own nor weights that could hold some.
            trust_remote_code=False,
            use_safetensors=True,
            **quantised(asked.quantisation, self.device),
        ).eval()
        if asked.quantisation == "none":
            self.model.to(self.device)
        # The model's own would stop an answer at its end mark, or sample.
        pad = self.tokenizer.pad_token_id
        self.pad = pad if pad is not None else self.tokenizer.eos_token_id or 0
        self.model.generation_config = transformers.GenerationConfig(do_sample=False, pad_token_id=self.pad)
        self.asked = asked
        if asked.batching == "continuous":
            from continuous import ContinuousBatches

            self.batches = ContinuousBatches(self.model, asked)
        else:
            self.batches = StaticBatches(self.generate, asked.batch_size, asked.batch_wait_ms / 1000)
        if asked.compile == "on":
            # Compiling takes minutes: it belongs to loading.
            self.generate([Answer([self.pad] * 16, 8) for _ in range(asked.batch_size)])

    def encode(self, prompt):
        return self.tokenizer(prompt)["input_ids"]

    def text(self, token):
        """Of one token, never empty: each is a piece of the stream."""
        return self.tokenizer.decode([token]) or f"<{token}>"

    def begin(self, answer):
        self.batches.begin(answer)

    def generation(self, tokens):
        """Greedy, of exactly this length: without an end mark nothing stops it earlier."""
        asked = self.asked
        config = transformers.GenerationConfig(
            do_sample=False,
            max_new_tokens=tokens,
            pad_token_id=self.pad,
            disable_compile=asked.compile == "off",
        )
        if asked.cache == "static":
            config.cache_implementation = "static"
        if asked.prompt_lookup:
            config.prompt_lookup_num_tokens = asked.prompt_lookup
        if asked.compile == "on":
            # Without this flag the library compiles on GPUs alone.
            config.compile_config = transformers.CompileConfig(mode="default")
            config.compile_config._compile_all_devices = True
        return config

    def generate(self, batch):
        longest = max(len(one.prompt) for one in batch)
        ids = torch.full((len(batch), longest), self.pad)
        mask = torch.zeros_like(ids)
        # Answers go on at the right, so that what is filled up stands at the left.
        for row, one in enumerate(batch):
            ids[row, longest - len(one.prompt) :] = torch.tensor(one.prompt)
            mask[row, longest - len(one.prompt) :] = 1
        self.model.generate(
            input_ids=ids.to(self.device),
            attention_mask=mask.to(self.device),
            generation_config=self.generation(batch[0].tokens),
            streamer=Rows(batch),
            stopping_criteria=StoppingCriteriaList([AllGone(batch)]),
        )

    def props(self):
        """What is really in use, read from the objects themselves where they tell."""
        asked, config = self.asked, self.model.config
        kinds = {module.weight.dtype for module in self.model.modules() if isinstance(module, torch.nn.Linear)}
        return {
            "architecture": type(self.model).__name__,
            "device": str(self.model.device),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "weights": sorted(str(kind).removeprefix("torch.") for kind in kinds),
            "attention": str(config._attn_implementation).removeprefix("paged|"),
            "quantisation": quantisation_of(self.model),
            "batching": asked.batching,
            "cache": asked.cache,
            "compile": asked.compile == "on",
            "prompt_lookup": asked.prompt_lookup,
            "threads": torch.get_num_threads(),
            "context_limit": getattr(config, "max_position_embeddings", None),
            "parameters": sum(one.numel() for one in self.model.parameters()),
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
            **self.batches.props(),
        }


class Rows(BaseStreamer):
    """Gives each answer of a batch its own tokens as they come."""

    def __init__(self, batch):
        self.batch = batch
        self.prompts_seen = False

    def put(self, value):
        # The prompts come first, as if they had been made.
        if not self.prompts_seen:
            self.prompts_seen = True
            return
        for answer, tokens in zip(self.batch, value.reshape(len(self.batch), -1).tolist()):
            answer.put(tokens)

    def end(self):
        pass


class AllGone(StoppingCriteria):
    """Stops a batch for which nobody waits any more."""

    def __init__(self, batch):
        self.batch = batch

    def __call__(self, input_ids, scores, **kwargs):
        gone = all(one.gone.is_set() for one in self.batch)
        return torch.full((input_ids.shape[0],), gone, device=input_ids.device)


def quantised(kind, device):
    """What loads the weights with fewer bits."""
    if kind == "none":
        return {}
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise Unsuited(f"--quantisation {kind} is not for a Python without bitsandbytes") from None
    eight = kind == "bnb-8bit"
    config = transformers.BitsAndBytesConfig(load_in_8bit=eight, load_in_4bit=not eight)
    # Such weights are put where they belong while they are packed.
    return {"quantization_config": config, "device_map": device}


def quantisation_of(model):
    """By the layers that are really there."""
    names = {type(module).__name__ for module in model.modules()}
    if "Linear4bit" in names:
        return "bnb-4bit"
    return "bnb-8bit" if "Linear8bitLt" in names else "none"
