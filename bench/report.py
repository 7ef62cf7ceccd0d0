# SPDX-License-Identifier: Apache-2.0
"""Turns rate-distortion curves into JSON, tables and a plot."""
import json

import matplotlib
import numpy as np

from metrics import bd_rate, ms_ssim_db, pchip

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)

_LABELS = {"calotype": "Calotype", "calotype-good": "Calotype, good", "calotype-fast": "Calotype, fast", "calotype-ms-ssim": "Calotype, MS-SSIM", "jpeg": "JPEG",
           "jpeg2000": "JPEG 2000", "webp": "WebP", "avif": "AVIF, speed 4", "avif-fast": "AVIF, speed 6", "jxl": "JPEG XL"}
_COLOURS = {"calotype": "#b3261e", "calotype-good": "#e08a2e", "calotype-fast": "#f2b872", "calotype-ms-ssim": "#d6336c", "jpeg": "#6b7280",
            "jpeg2000": "#9a7b4f", "webp": "#2f9e6e", "avif": "#2563a8", "avif-fast": "#7fb2e5", "jxl": "#7b4ab5"}
_EFFORTS = ("#e08a2e", "#c2571a", "#f2b872", "#7a3b10")  # further curves of Calotype
_DECIBELS = (28, 30, 32, 34, 36, 38, 40)


def _label(codec):
    if codec.startswith("calotype-e"):
        return f"Calotype, effort {codec.removeprefix('calotype-e')}"
    return _LABELS.get(codec, codec)


def _quality(curve, metric):
    return np.asarray(curve["psnr"]) if metric == "psnr" else ms_ssim_db(curve["ms_ssim"])


def _bd_rate(anchor, curve, metric):
    return bd_rate(anchor["bpp"], _quality(anchor, metric), curve["bpp"], _quality(curve, metric))


def _bits_at(curve, level):
    """Bits per pixel that reach `level` dB, None outside the curve."""
    quality, first = np.unique(curve["psnr"], return_index=True)
    if not quality[0] <= level <= quality[-1]:
        return None
    return float(np.exp(pchip(quality, np.log(np.asarray(curve["bpp"])[first]), [level])[0]))


def summary(curves):
    """BD-rates in percent: every codec against JPEG, and each of Calotype's curves against every codec."""
    rates = {"against jpeg": {}, "of calotype": {}}
    for name, curve in curves.items():
        if "jpeg" in curves and name != "jpeg":
            rates["against jpeg"][name] = {m: _bd_rate(curves["jpeg"], curve, m) for m in ("psnr", "ms_ssim")}
        for ours in (n for n in curves if n.startswith("calotype") and n != name):
            rates["of calotype"].setdefault(ours, {})[name] = {
                m: _bd_rate(curve, curves[ours], m) for m in ("psnr", "ms_ssim")}
    return rates


def _cell(value, form="{:.3f}"):
    return "" if value is None else form.format(value)


def _percent(value):
    return _cell(value, "{:+.1f} %").replace("-", "−")


def _table(header, rows, numbers=True):
    lines = [header, ["---"] + ["--:" if numbers else "---"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def markdown(name, count, curves, rates):
    parts = [f"# Rate-distortion: {name}, {count} images\n",
             "Written by `bench/rate_distortion.py`; every number comes from a file on disk, decoded by its codec's own "
             "decoder and compared in 8-bit RGB. BD-rate: bits needed for equal quality, averaged over the common range; "
             "negative is better.\n", f"![Rate-distortion curves]({name}.png)\n"]
    if rates["against jpeg"]:
        parts += ["## BD-rate against JPEG\n", _table(["codec", "PSNR", "MS-SSIM"],
                  [[_label(c), _percent(r["psnr"]), _percent(r["ms_ssim"])] for c, r in rates["against jpeg"].items()])]
    for ours, others in rates["of calotype"].items():
        parts += [f"## BD-rate of {_label(ours)} against\n", _table(["codec", "PSNR", "MS-SSIM"],
                  [[_label(c), _percent(r["psnr"]), _percent(r["ms_ssim"])] for c, r in others.items()])]
    parts += ["## Bits per pixel at equal PSNR\n", _table(["codec", *(f"{level} dB" for level in _DECIBELS)],
              [[_label(c), *(_cell(_bits_at(curve, level)) for level in _DECIBELS)] for c, curve in curves.items()])]
    for codec, curve in curves.items():
        if codec.startswith("calotype"):
            rows = zip(curve["settings"], curve["bpp"], curve["psnr"], curve["ms_ssim"])
            parts += [f"## {_label(codec)} by quality\n", _table(["-q", "bits per pixel", "PSNR dB", "MS-SSIM"],
                      [[f"{q:g}", f"{b:.4f}", f"{p:.2f}", f"{s:.4f}"] for q, b, p, s in rows])]
    parts += ["## Tools\n", _table(["codec", "command", "version"],
              [[_label(c), f"`{curve['command']}`", curve["version"]] for c, curve in curves.items()], numbers=False)]
    return "\n".join(parts)


def plot(path, name, count, curves):
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
                         "axes.edgecolor": "#9ca3af", "axes.labelcolor": "#374151", "xtick.color": "#374151",
                         "ytick.color": "#374151", "font.family": "DejaVu Sans"})
    figure, axes = plt.subplots(1, 2, figsize=(12, 5.2), dpi=130, constrained_layout=True)
    reach = 1.6  # bits per pixel; beyond lies near-lossless territory
    for axis, metric, title in zip(axes, ("psnr", "ms_ssim"), ("PSNR, dB", "MS-SSIM, −10 log₁₀(1 − x)")):
        shown = []
        efforts = iter(_EFFORTS)
        for codec, curve in curves.items():
            colour = _COLOURS[codec] if codec in _COLOURS else next(efforts)
            bpp, quality = np.asarray(curve["bpp"]), _quality(curve, metric)
            mine = codec.startswith("calotype")
            axis.plot(bpp, quality, color=colour, label=_label(codec), marker="o",
                      linewidth=2.4 if mine else 1.5, markersize=4 if mine else 3, zorder=3 if mine else 2,
                      linestyle="--" if codec == "avif-fast" else "-")
            shown.extend(quality[bpp <= reach])
        axis.set_xlim(0, reach)
        if shown:
            axis.set_ylim(np.floor(min(shown)), np.ceil(max(shown)) + 0.5)
        axis.grid(color="#e5e7eb", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.set_xlabel("bits per pixel")
        axis.set_title(title, loc="left", color="#111827", fontweight="bold")
    axes[1].legend(loc="lower right", frameon=False)
    figure.suptitle(f"{name.capitalize()}, mean over {count} images", x=0.005, ha="left", color="#6b7280", fontsize=10)
    figure.savefig(path, facecolor="white")
    plt.close(figure)


def write(folder, name, count, curves):
    folder.mkdir(parents=True, exist_ok=True)
    rates = summary(curves)
    (folder / f"{name}.json").write_text(
        json.dumps({"images": count, "codecs": curves, "bd_rate_percent": rates}, indent=1) + "\n")
    (folder / f"{name}.md").write_text(markdown(name, count, curves, rates))
    plot(folder / f"{name}.png", name, count, curves)
