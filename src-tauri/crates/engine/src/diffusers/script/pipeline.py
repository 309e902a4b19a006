"""The pipeline behind the server: diffusers with the settings that were asked for, with marks
between its phases and a count of the calls of its denoising network."""

import io
import os
import time

# Nothing is fetched while an engine starts: what is not on this machine is an error.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DISABLE_TELEMETRY", "1")

import diffusers
import torch
import transformers

from served import Gone, Refused, Unsuited

# Samplers that give the same picture for the same seed. `model` is what the model brings.
SAMPLERS = {
    "ddim": "DDIMScheduler",
    "dpm++2m": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
}


class Made:
    """What one call of the pipeline gave: pictures as PNG, and when each phase began and ended."""

    def __init__(self, pngs, phases, network_calls, steps):
        self.pngs = pngs
        self.phases = phases
        self.network_calls = network_calls
        self.steps = steps


class Reuse:
    """A step cache for any denoising network: of every `each` calls one is computed, and the others
    give again what the last computed one gave. The first and the last step are always computed."""

    def __init__(self, forward, each):
        self.forward = forward
        self.each = each
        self.step = 0
        self.steps = 0
        self.last = None

    def begin(self, steps):
        self.step, self.steps, self.last = 0, steps, None

    def __call__(self, *args, **kwargs):
        step, self.step = self.step, self.step + 1
        if self.last is None or step % self.each == 0 or step >= self.steps - 1:
            self.last = self.forward(*args, **kwargs)
        return self.last


class Pipeline:
    def __init__(self, asked):
        if asked.threads:
            torch.set_num_threads(asked.threads)
        cuda = torch.cuda.is_available()
        self.device = ("cuda" if cuda else "cpu") if asked.device == "auto" else asked.device
        dtype = getattr(torch, asked.dtype)
        if asked.tiny:
            from tiny import pipeline

            self.pipe = pipeline().to(dtype=dtype)
        else:
            if not os.path.isfile(os.path.join(asked.model, "model_index.json")):
                raise FileNotFoundError(f"{asked.model} holds no model_index.json")
            self.pipe = diffusers.DiffusionPipeline.from_pretrained(
                asked.model, torch_dtype=dtype, local_files_only=True
            )
        self.pipe.to(self.device)
        self.pipe.set_progress_bar_config(disable=True)
        self.own_scheduler = self.pipe.scheduler
        self.network = getattr(self.pipe, "unet", None) or getattr(self.pipe, "transformer", None)
        if self.network is None:
            raise Unsuited(f"{type(self.pipe).__name__} has no denoising network that is known here")
        if not (hasattr(self.pipe, "vae") and hasattr(self.pipe, "encode_prompt")):
            raise Unsuited(f"{type(self.pipe).__name__} does not make pictures from texts")
        self.attention(asked.attention)
        self.vae(asked)
        self.marks = {}
        self.calls = 0
        self.compiled = asked.compile == "on"
        forward = self.network.forward
        if self.compiled:
            forward = torch.compile(forward)
        computed = self.counted(forward)
        self.reuse = None
        self.step_cache = asked.step_cache
        if asked.step_cache.startswith("reuse-"):
            computed = self.reuse = Reuse(computed, int(asked.step_cache.removeprefix("reuse-")))
        elif asked.step_cache == "first-block":
            if not hasattr(self.network, "enable_cache"):
                raise Unsuited(
                    f"--step-cache first-block is not for {type(self.network).__name__}; try reuse-2"
                )
            self.network.enable_cache(diffusers.FirstBlockCacheConfig())
        self.network.forward = computed
        self.encode, self.pipe.encode_prompt = self.pipe.encode_prompt, self.encoding
        self.decode, self.pipe.vae.decode = self.pipe.vae.decode, self.decoding

    def attention(self, kind):
        if kind == "sliced":
            self.pipe.enable_attention_slicing()
        elif hasattr(self.network, "set_attn_processor") and hasattr(self.pipe, "unet"):
            processors = diffusers.models.attention_processor
            plain = processors.AttnProcessor if kind == "eager" else processors.AttnProcessor2_0
            self.network.set_attn_processor(plain())
        elif kind != "sdpa":
            raise Unsuited(f"--attention {kind} is not for {type(self.network).__name__}; try sdpa")

    def vae(self, asked):
        for asks, name in ((asked.vae_tiling, "tiling"), (asked.vae_slicing, "slicing")):
            if asks == "on":
                if not hasattr(self.pipe.vae, f"enable_{name}"):
                    raise Unsuited(f"--vae-{name} is not for {type(self.pipe.vae).__name__}")
                getattr(self.pipe.vae, f"enable_{name}")()

    def counted(self, forward):
        def call(*args, **kwargs):
            self.calls += 1
            return forward(*args, **kwargs)

        return call

    def now(self):
        # What was only queued on a GPU is not done.
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()

    def encoding(self, *args, **kwargs):
        began = self.now()
        encoded = self.encode(*args, **kwargs)
        self.marks["text_encoding"] = (began, self.now())
        return encoded

    def decoding(self, *args, **kwargs):
        self.marks["decoding"] = (self.now(), None)
        return self.decode(*args, **kwargs)

    def sampler(self, name):
        if name == "model":
            self.pipe.scheduler = self.own_scheduler
            return
        if name not in SAMPLERS:
            raise Refused(f"no such sampler: {name}; there are model, {', '.join(SAMPLERS)}")
        # PNDM's warm-up steps are left out, as Stable Diffusion does: N + 1 calls for N steps.
        more = {"skip_prk_steps": True} if name == "pndm" else {}
        config = self.own_scheduler.config
        self.pipe.scheduler = getattr(diffusers, SAMPLERS[name]).from_config(config, **more)

    def pictures(self, asked, seeds, gone):
        self.sampler(asked["sampler"])
        self.marks, self.calls, steps = {}, 0, 0
        if self.reuse:
            # Some samplers take more calls than steps; they say how many.
            self.pipe.scheduler.set_timesteps(asked["steps"], device=self.device)
            self.reuse.begin(len(self.pipe.scheduler.timesteps))

        def step_done(_pipe, _step, _at, tensors):
            nonlocal steps
            steps += 1
            if gone():
                raise Gone
            return tensors

        # A generator for each picture: it is the same whatever else is in its batch.
        made = self.pipe(
            prompt=[asked["prompt"]] * len(seeds),
            width=asked["width"],
            height=asked["height"],
            num_inference_steps=asked["steps"],
            guidance_scale=asked["guidance"],
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            callback_on_step_end=step_done,
            output_type="pil",
        ).images
        decoded = self.now()
        encoded = self.marks["text_encoding"]
        began = self.marks["decoding"][0]
        phases = {
            "text_encoding_s": encoded,
            "denoising_s": (encoded[1], began),
            "decoding_s": (began, decoded),
        }
        return Made([png(picture) for picture in made], phases, self.calls, steps)

    def props(self):
        """What is really in use, read from the objects themselves where they tell."""
        processors = getattr(self.network, "attn_processors", {})
        return {
            "pipeline": type(self.pipe).__name__,
            "network": type(self.network).__name__,
            "device": str(self.pipe.device),
            "dtype": str(self.network.dtype).removeprefix("torch."),
            "attention": attention_of({type(one).__name__ for one in processors.values()}),
            "compile": self.compiled,
            "vae_tiling": bool(getattr(self.pipe.vae, "use_tiling", False)),
            "vae_slicing": bool(getattr(self.pipe.vae, "use_slicing", False)),
            "step_cache": self.step_cache,
            "scheduler": type(self.own_scheduler).__name__,
            "threads": torch.get_num_threads(),
            "parameters": sum(one.numel() for one in self.network.parameters()),
            "versions": {
                "diffusers": diffusers.__version__,
                "torch": torch.__version__,
                "transformers": transformers.__version__,
            },
        }


def attention_of(names):
    """The name of the setting that gave these processors; their own names where it is none."""
    known = {"AttnProcessor2_0": "sdpa", "AttnProcessor": "eager", "SlicedAttnProcessor": "sliced"}
    kinds = {known.get(name, name) for name in names}
    return "+".join(sorted(kinds)) or "sdpa"


def png(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
