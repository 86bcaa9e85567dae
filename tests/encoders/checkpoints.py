"""Small randomly initialised checkpoints, saved as the hub has them. The libraries write them, as their users do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ["a picture of the line chart", "cat dog outbound traffic spikes", "alarm rain select name from users where id"]


def bpe(folder: Path, limit: int, *, pad: str, begin: str | None, end: str) -> None:
    """A byte-level tokenizer of some 300 tokens, in one file as the hub has it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = list(dict.fromkeys(filter(None, (pad, begin, end, "<unk>", "<bos>", "<eos>", "<mask>"))))
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    single = f"{begin} $A {end}" if begin else f"$A {end}"
    ids = [(token, tokenizer.token_to_id(token)) for token in special]
    tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=ids)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens: dict[str, Any] = {"model_max_length": limit, "pad_token": pad, "eos_token": end} | (
        {"bos_token": begin} if begin else {}
    )
    fields = {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids", "attention_mask"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(fields | tokens))


def _varied(model: Any) -> Any:
    """Random weights large enough that different items have different vectors, as trained ones do."""
    import torch

    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                inputs = parameter[0].numel() if parameter.ndim == 4 else parameter.shape[-1]
                spread = 1.0 if "embed" in name or "conv1" in name else (2.0 / inputs) ** 0.5
                parameter.normal_(0, spread)
    return model.eval()


def open_clip(folder: Path, *, kind: str = "clip") -> Path:
    """kind: "clip" (the first layout), "siglip" (text apart, sigmoid), "mobile" (MobileCLIP-S0's trunk), "coca"."""
    import open_clip as library
    import torch
    from safetensors.torch import save_file

    vision = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
    text: dict[str, Any] = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
    config: dict[str, Any] = {"embed_dim": 48, "vision_cfg": vision, "text_cfg": text}
    preprocess: dict[str, Any] = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]}
    if kind == "siglip":
        config |= {"custom_text": True, "init_logit_bias": -10}
        text |= {"context_length": 16, "pool_type": "last", "no_causal_mask": True}
        preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    if kind == "mobile":
        config["custom_text"] = True
        config["vision_cfg"] = {
            "timm_model_name": "fastvit_mci0",
            "timm_pool": "avg",
            "timm_proj": None,
            "image_size": 64,
        }
        text["no_causal_mask"] = True
        preprocess = {"mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bilinear"}
    if kind == "coca":
        config["custom_text"] = True
        vision |= {"attentional_pool": True, "attn_pooler_heads": 4, "output_tokens": True}
        text |= {"context_length": 76, "embed_cls": True, "output_tokens": True}
        config["multimodal_cfg"] = {
            "context_length": 76, "vocab_size": 49408, "width": 48, "heads": 2, "layers": 1,
        }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    torch.manual_seed(0)
    cls = {"clip": library.CLIP, "coca": library.CoCa}.get(kind, library.CustomTextCLIP)
    shape = {key: value for key, value in config.items() if key != "custom_text"}
    model = _varied(cls(**shape))
    with torch.no_grad():
        model.logit_scale.fill_(float(np.log(100)))
        for name, parameter in model.visual.named_parameters() if kind == "mobile" else ():
            if name.endswith(("bias", "gamma")):  # a black picture is all zeros here, and has nothing but biases
                parameter.normal_(0, 0.1)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


def clip(folder: Path) -> Path:
    import transformers as library

    text = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 24, "eos_token_id": 2, "bos_token_id": 1,
            "pad_token_id": 0}  # fmt: skip
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 32, "patch_size": 8}  # fmt: skip
    config = library.CLIPConfig(text_config=text, vision_config=vision, projection_dim=24, logit_scale_init_value=4.0)
    _varied(library.CLIPModel(config)).save_pretrained(folder)
    bpe(folder, 24, pad="<pad>", begin="<s>", end="</s>")
    library.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )
    return folder


def siglip(folder: Path, *, second: bool = False) -> Path:
    """second: SigLIP 2 with free aspect ratios, where a picture is a list of patches."""
    import torch
    import transformers as library

    name = "Siglip2" if second else "Siglip"
    text = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 16, "projection_size": 32}  # fmt: skip
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
              "patch_size": 8} | ({"num_patches": 16} if second else {"image_size": 32})  # fmt: skip
    config = getattr(library, f"{name}Config")(text_config=text, vision_config=vision)
    model = _varied(getattr(library, f"{name}Model")(config))
    with torch.no_grad():
        model.logit_scale.fill_(4.7)
        model.logit_bias.fill_(-12.0)
    model.save_pretrained(folder)
    bpe(folder, 16, pad="<pad>", begin=None, end="</s>")
    processor = (
        library.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
        if second
        else library.SiglipImageProcessor(size={"height": 32, "width": 32})
    )
    processor.save_pretrained(folder)
    return folder


def clap(folder: Path) -> Path:
    import transformers as library

    text = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 40, "pad_token_id": 1}  # fmt: skip
    audio = {"patch_embeds_hidden_size": 16, "hidden_size": 128, "depths": [1] * 4, "num_attention_heads": [2] * 4,
             "num_mel_bins": 64, "spec_size": 256, "num_hidden_layers": 4}  # fmt: skip
    config = library.ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    _varied(library.ClapModel(config)).save_pretrained(folder)
    bpe(folder, 38, pad="<pad>", begin="<s>", end="</s>")
    library.ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(folder)
    return folder


def sentences(folder: Path, *, pictures: bool = False) -> Path:
    """A BERT with mean pooling, prompts for queries and documents; or CLIP as a multimodal model."""
    import sentence_transformers as library
    import transformers

    base = folder.with_name(folder.name + "-base")
    if pictures:
        clip(base)
        processor = transformers.CLIPProcessor(
            transformers.AutoImageProcessor.from_pretrained(base), transformers.AutoTokenizer.from_pretrained(base)
        )
        processor.save_pretrained(base)
        library.SentenceTransformer(modules=[library.sentence_transformer.modules.Transformer(str(base))]).save(
            str(folder)
        )
        return folder
    config = transformers.BertConfig(
        vocab_size=320, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=64,
    )  # fmt: skip
    _varied(transformers.BertModel(config)).save_pretrained(base)
    bpe(base, 48, pad="<pad>", begin="<s>", end="</s>")
    modules = library.sentence_transformer.modules
    words = modules.Transformer(str(base), max_seq_length=48)
    model = library.SentenceTransformer(
        modules=[words, modules.Pooling(32)], prompts={"query": "find: ", "document": "page: "}
    )
    model.save(str(folder))
    return folder


def perception(folder: Path, kind: str) -> Path:
    """PE audio-video ("pe_audio_video") or one half of it: a codec and a transformer over its frames for sounds, a ViT
    and a transformer over its pictures for videos, a ModernBERT for words."""
    import torch
    import transformers as library

    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {"model_type": "modernbert", "vocab_size": 320, **shape, "pad_token_id": 0, "max_position_embeddings": 64}
    codec = {"model_type": "dac", "encoder_hidden_size": 8, "downsampling_ratios": [2, 4, 5], "codebook_dim": 4,
             "codebook_size": 16, "n_codebooks": 2, "decoder_hidden_size": 16,
             "upsampling_ratios": [5, 4, 2]}  # fmt: skip
    vision = {"model_type": "timm_wrapper", "architecture": "vit_pe_core_tiny_patch16_384", "num_classes": 24,
              "model_args": {"depth": 2, "img_size": 32}, "do_pooling": True, "global_pool": "map"}  # fmt: skip
    parts = {
        "audio_config": {"model_type": "pe_audio_encoder", "dac_config": codec, **shape, "head_dim": 16},
        "video_config": {"model_type": "pe_video_encoder", "vision_config": vision, **shape, "head_dim": 16},
    }
    name = {"pe_audio": "PeAudio", "pe_video": "PeVideo", "pe_audio_video": "PeAudioVideo"}[kind]
    if kind == "pe_audio_video":
        parts = {"audio_video_config": {**parts, **shape, "head_dim": 16}}
    else:
        parts = {part: values for part, values in parts.items() if part.startswith(kind.removeprefix("pe_"))}
    model = _varied(getattr(library, f"{name}Model")(getattr(library, f"{name}Config")(text_config=text, **parts)))
    with torch.no_grad():
        for part, parameter in model.named_parameters():
            if "dac_encoder" in part and parameter.ndim == 3:  # by their whole fan-in: the stack would overflow
                parameter.normal_(0, float(2 / parameter[0].numel()) ** 0.5)
            elif "class_embedding" in part:
                parameter.mul_(1e-3)  # what the codec and the pictures say must not drown in it
            elif part.endswith(("text_audio_logit_scale", "text_video_logit_scale")):
                parameter.fill_(20.0)
            elif part.endswith(("text_audio_logit_bias", "text_video_logit_bias")):
                parameter.fill_(-3.0)
    model.save_pretrained(folder)
    bpe(folder, 64, pad="<pad>", begin="<s>", end="</s>")
    if "audio" in kind:
        library.PeAudioFeatureExtractor(sampling_rate=16_000, hop_length=40).save_pretrained(folder)
    if "video" in kind:
        library.PeVideoVideoProcessor(
            size={"height": 32, "width": 32},
            do_resize=True,
            do_rescale=True,
            do_normalize=True,
            image_mean=[0.5] * 3,
            image_std=[0.5] * 3,
            do_sample_frames=False,
        ).save_pretrained(folder)
    return folder
