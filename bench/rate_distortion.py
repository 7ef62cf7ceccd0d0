# SPDX-License-Identifier: Apache-2.0
"""Rate-distortion of `calotype` and the codecs of Debian on a folder of PNGs: real files, decoded by each codec's own
decoder, compared in 8-bit RGB. Writes NAME.json, NAME.md and NAME.png.

    python3 -m pip install -r bench/requirements.txt
    python3 bench/rate_distortion.py KODAK_FOLDER --name kodak -j 2
    python3 bench/rate_distortion.py KODAK_FOLDER --name kodak-effort --tiers auto --efforts 2 --tunes --qualities 1 15 35 55 75 100
"""
import argparse
import hashlib
import json
import pathlib
import tempfile
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

import report
from metrics import ms_ssim, psnr
from tools import PEERS, QUALITIES, calotype, choose, run


def measure(codec, q, path):
    """One file, there and back: bits per pixel, PSNR, MS-SSIM."""
    cv2.setNumThreads(1)  # the pool is the parallelism
    original = cv2.imread(str(path), cv2.IMREAD_COLOR)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = path
        if codec.source != path.suffix[1:]:
            source = folder / f"in.{codec.source}"
            cv2.imwrite(str(source), original)
        coded, decoded = folder / f"coded{codec.suffix}", folder / f"decoded{codec.picture}"
        run(codec.encode_command(q, source, coded))
        run(codec.decode_command(coded, decoded))
        result = cv2.imread(str(decoded), cv2.IMREAD_COLOR)
        bits = 8 * coded.stat().st_size
    return {"bpp": bits / (original.shape[0] * original.shape[1]), "psnr": psnr(original, result),
            "ms_ssim": ms_ssim(original, result)}


class Cache:
    """Peers' results, so that measuring new weights costs only Calotype's own time."""

    def __init__(self, folder):
        self.folder = folder
        self.entries = {}

    def key(self, codec, version, q, digest):
        return hashlib.sha256(repr((codec.encode, codec.decode, version, q, digest)).encode()).hexdigest()

    def get(self, codec, key):
        if codec.name not in self.entries:
            file = self.folder / f"{codec.name}.json"
            self.entries[codec.name] = json.loads(file.read_text()) if file.exists() else {}
        return self.entries[codec.name].get(key)

    def put(self, codec, key, value):
        self.entries[codec.name][key] = value

    def save(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, entries in self.entries.items():
            (self.folder / f"{name}.json").write_text(json.dumps(entries))


def curve(codec, images, digests, pool, cache):
    """Means over the images for every setting. Without a cache everything is measured."""
    version = codec.tool_version()
    waiting = {}
    for q in codec.settings:
        for path in images:
            key = cache and cache.key(codec, version, q, digests[path])
            waiting[q, path] = key, (cache and cache.get(codec, key)) or pool.submit(measure, codec, q, path)
    results = {}
    for place, (key, result) in waiting.items():
        if not isinstance(result, dict):
            result = result.result()
            if cache:
                cache.put(codec, key, result)
        results[place] = result
    if cache:
        cache.save()
    means = {field: [float(np.mean([results[q, path][field] for path in images])) for q in codec.settings]
             for field in ("bpp", "psnr", "ms_ssim")}
    return {"command": codec.encode.replace(codec.tool, pathlib.Path(codec.tool).name, 1), "version": version,
            "settings": codec.settings, **means}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("folder", type=pathlib.Path, help="PNGs of at least 176 pixels a side")
    parser.add_argument("--name", help="of the results (default: the folder's)")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/results")
    parser.add_argument("--codecs", nargs="*", help="only these (default: all installed)")
    parser.add_argument("--calotype", default=str(root / "build/release/bin/calotype"), metavar="BINARY")
    parser.add_argument("--qualities", nargs="+", type=float, default=QUALITIES)
    parser.add_argument("--efforts", nargs="*", type=int, default=[], help="of calotype above 1, a curve for each")
    parser.add_argument("--tunes", nargs="*", default=["ms-ssim"], help="of calotype beside psnr, a curve for each")
    parser.add_argument("--tiers", nargs="+", default=["auto", "good"], help="of calotype at effort 1, a curve for each")
    parser.add_argument("--cache", type=pathlib.Path, default=root / "build/bench-cache")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()

    images = sorted(options.folder.glob("*.png"))
    if not images:
        parser.error(f"no PNG in {options.folder}")
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in images}
    ours = [calotype(options.calotype, tier=tier, qualities=options.qualities) for tier in options.tiers]
    ours += [calotype(options.calotype, effort, qualities=options.qualities) for effort in options.efforts]
    ours += [calotype(options.calotype, tune=tune, qualities=options.qualities) for tune in options.tunes]
    curves = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for codec in choose(options.codecs, ours + PEERS):
            cache = None if codec in ours else Cache(options.cache)
            curves[codec.name] = curve(codec, images, digests, pool, cache)
            print(f"{codec.name}: {len(codec.settings)} settings on {len(images)} images", flush=True)

    name = options.name or options.folder.resolve().name
    report.write(options.out, name, len(images), curves)
    print((options.out / f"{name}.md").read_text())


if __name__ == "__main__":
    main()
