"""A Stable Diffusion pipeline with random weights, made on the spot in the sizes asked for. Its
pictures are noise: they show what settings cost and nothing of quality."""

import time

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models import attention_processor
from tiny import tokenizer  # of Wattsmith's server for pictures
from transformers import CLIPTextConfig, CLIPTextModel

from .faults import Failed

PROMPT = "a red fox in the snow"
PROCESSORS = {"sdpa": "AttnProcessor2_0", "eager": "AttnProcessor"}


def networks(sizes, words):
    text, channels = sizes["text"], sizes["unet"]
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=words, hidden_size=text, intermediate_size=4 * text,
            num_hidden_layers=sizes["text_layers"], num_attention_heads=max(1, text // 64),
            max_position_embeddings=77, bos_token_id=words - 2, eos_token_id=words - 1,
            pad_token_id=words - 1,
        )
    )  # fmt: skip
    levels = len(channels) - 1
    unet = UNet2DConditionModel(
        sample_size=sizes["side"] // 2 ** (len(sizes["vae"]) - 1),
        block_out_channels=tuple(channels),
        down_block_types=(*["CrossAttnDownBlock2D"] * levels, "DownBlock2D"),
        up_block_types=("UpBlock2D", *["CrossAttnUpBlock2D"] * levels),
        cross_attention_dim=text,
        attention_head_dim=8,
    )
    vae = AutoencoderKL(
        block_out_channels=tuple(sizes["vae"]),
        down_block_types=("DownEncoderBlock2D",) * len(sizes["vae"]),
        up_block_types=("UpDecoderBlock2D",) * len(sizes["vae"]),
        layers_per_block=2,
        latent_channels=4,
        sample_size=sizes["side"],
    )
    return encoder.eval(), unet.eval(), vae.eval()


def pipeline(sizes, device):
    tokens, words = tokenizer()
    with torch.device(device):  # weights are drawn where they are used: seconds instead of minutes
        encoder, unet, vae = networks(sizes, words)
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, set_alpha_to_one=False, steps_offset=1,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=vae, text_encoder=encoder, tokenizer=tokens, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


class Pictures:
    def __init__(self, sizes, seed, device, settle):
        began = time.monotonic()
        self.sizes, self.device, self.settle = sizes, device, settle
        torch.manual_seed(seed)
        self.pipe = pipeline(sizes, device)
        self.pipe.to(device, torch.bfloat16 if device == "cuda" else torch.float32)
        self.pipe.set_progress_bar_config(disable=True)
        self.settle()
        self.load_s = time.monotonic() - began
        self.configuration = None

    def facts(self):
        return {
            "pipeline": type(self.pipe).__name__,
            "parameters": sum(one.numel() for one in self.pipe.unet.parameters()),
            "dtype": str(self.pipe.unet.dtype).removeprefix("torch."),
            "diffusers": diffusers.__version__,
            "load_s": self.load_s,
        }

    def prepare(self, configuration):
        self.configuration = configuration
        processor = getattr(attention_processor, PROCESSORS[configuration["attention"]])
        self.pipe.unet.set_attn_processor(processor())
        began = time.monotonic()
        made, _ = self.make(list(range(configuration["batch"])))
        self.settle()
        names = {type(one).__name__ for one in self.pipe.unet.attn_processors.values()}
        kinds = {name: word for word, name in PROCESSORS.items()}
        return {
            "batch_s": time.monotonic() - began,
            "used": {
                "attention": "+".join(sorted(kinds.get(name, name) for name in names)),
                "batch": len(made),
            },
        }

    def round(self):
        """One picture of every seed, batch by batch."""
        seeds, batch = list(range(self.sizes["pictures"])), self.configuration["batch"]
        for at in range(0, len(seeds), batch):
            asked = seeds[at : at + batch]
            made, steps = self.make(asked)
            side = self.sizes["side"]
            if len(made) != len(asked) or any(one.size != (side, side) for one in made):
                raise Failed("wrong-work", f"{len(made)} pictures came, not {len(asked)} of {side}²")
            self.settle()
            # Pictures of a batch come together, so its end is when the first is there.
            yield {
                "units": len(made), "steps": steps * len(made), "requests": len(made),
                "first_at": time.monotonic(),
            }  # fmt: skip

    @torch.inference_mode()
    def make(self, seeds):
        done = 0

        def step(_pipe, _step, _at, tensors):
            nonlocal done
            done += 1
            return tensors

        made = self.pipe(
            prompt=[PROMPT] * len(seeds),
            width=self.sizes["side"],
            height=self.sizes["side"],
            num_inference_steps=self.sizes["steps"],
            guidance_scale=7.5,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            callback_on_step_end=step,
            output_type="pil",
        ).images
        return made, done
