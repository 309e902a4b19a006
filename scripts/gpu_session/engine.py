"""What the server is made of: torch, the device, and the models that were made on it."""

import os
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched
os.environ.setdefault("DISABLE_TELEMETRY", "1")

import torch
import transformers

from .faults import Failed
from .wheels import PATHS_VARIABLE

# Side of the square matrices of the load: large enough that a board draws all it may.
BURN_SIDE = {"cuda": 8192, "cpu": 256}
DEVICE_VARIABLE = "WATTSMITH_GPU_DEVICE"


class Engine:
    COMMANDS = ("hello", "open", "burn", "language", "pictures", "plan")

    def __init__(self):
        self.device = os.environ.get(DEVICE_VARIABLE, "cuda")
        self.models = {}
        if self.device == "cpu":
            torch.set_num_threads(1)  # a rehearsal: so small a model is slower on more
        # Behind all that is installed, so that what came with the machine is taken first.
        sys.path += [path for path in os.environ.get(PATHS_VARIABLE, "").split(os.pathsep) if path]

    def hello(self):
        return {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "threads": torch.get_num_threads(),
        }

    def open(self):
        if self.device == "cpu":
            return {"device": "cpu", "memory_bytes": 0}
        if not torch.cuda.is_available():
            raise Failed("engine-not-found", "PyTorch sees no CUDA device")
        found = torch.cuda.get_device_properties(0)
        return {
            "device": found.name,
            "memory_bytes": found.total_memory,
            "cuda": torch.version.cuda,
            "uuid": str(getattr(found, "uuid", "")),
        }

    def burn(self, seconds, on_s, off_s):
        """Matrix products, twenty at a time; with `off_s`, on and off in turn."""
        side = BURN_SIDE[self.device]
        dtype = torch.bfloat16 if self.device == "cuda" else torch.float32
        one = torch.randn(side, side, device=self.device, dtype=dtype)
        other = torch.randn(side, side, device=self.device, dtype=dtype)
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            burst = time.monotonic()
            while time.monotonic() - burst < on_s and time.monotonic() - began < seconds:
                for _ in range(20):
                    torch.mm(one, other)
                self.settle()
            if off_s:
                time.sleep(off_s)
        return {"begin": began, "end": time.monotonic(), "side": side, "dtype": str(dtype)}

    def settle(self):
        """What was only queued on a GPU is not done."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def language(self, shape, seed):
        from .language import Language

        self.models.pop("tokens", None)
        self.models["tokens"] = Language(shape, seed, self.device, self.settle)
        return self.models["tokens"].facts()

    def pictures(self, sizes, seed):
        # The language model's memory is wanted back, and its weights are done with.
        self.models.clear()
        if self.device == "cuda":
            torch.cuda.empty_cache()
        try:
            from .pictures import Pictures
        except ImportError as error:
            raise Failed(
                "unavailable",
                f"diffusers cannot be imported here ({error}); carry it: --wheels FOLDER with the wheels "
                "of diffusers and of what it needs",
            ) from None
        self.models["images"] = Pictures(sizes, seed, self.device, self.settle)
        return self.models["images"].facts()

    def plan(self, requests, prompt_tokens, output_tokens, seed):
        return self.models["tokens"].plan(requests, prompt_tokens, output_tokens, seed)
