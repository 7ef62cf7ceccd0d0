# SPDX-License-Identifier: Apache-2.0
"""The command-line codecs that the benchmarks run: how to encode, how to decode, over which settings."""
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Codec:
    name: str
    settings: list  # worst quality first
    encode: str  # a command; {q} is the setting, {input} and {output} files
    decode: str
    version: str  # a command whose first line with a number in two parts tells the version
    source: str = "png"  # what the encoder reads
    suffix: str = ".bin"
    picture: str = ".png"  # what the decoder writes
    typical: float = 0  # the setting for speed measurements, of roughly equal quality between codecs
    tool: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "tool", self.encode.split()[0])

    def command(self, template, **values):
        return [word.format(**values) for word in template.split()]

    def encode_command(self, q, source, target):
        return self.command(self.encode, q=f"{q:g}", input=source, output=target)

    def decode_command(self, source, target):
        return self.command(self.decode, input=source, output=target)

    def available(self):
        return all(shutil.which(command.split()[0]) for command in (self.encode, self.decode))

    def tool_version(self):
        ran = subprocess.run(self.version.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = [line.strip() for line in ran.stdout.splitlines() if re.search(r"\d\.\d", line)]
        return lines[0] if lines else "unknown"


_AVIF = "avifenc -s {speed} -y 444 --min {{q}} --max {{q}} {{input}} {{output}}"
_AVIF_REST = dict(settings=[60, 55, 50, 45, 40, 35, 30, 24, 18, 10], decode="avifdec {input} {output}",
                  version="avifenc --version", suffix=".avif", typical=35)

PEERS = [
    Codec("jpeg", [5, 10, 20, 30, 50, 70, 80, 90, 95],
          "cjpeg -optimize -progressive -quality {q} -outfile {output} {input}", "djpeg -outfile {output} {input}",
          "cjpeg -version", source="ppm", suffix=".jpg", picture=".ppm", typical=75),
    Codec("jpeg2000", [240, 160, 100, 60, 40, 30, 20, 12, 8],
          "opj_compress -i {input} -o {output} -r {q} -I -mct 1", "opj_decompress -i {input} -o {output}",
          "opj_compress -h", source="ppm", suffix=".jp2", typical=40),  # its PNG reader applies the gamma chunk
    Codec("webp", [0, 5, 20, 40, 60, 75, 90, 95], "cwebp -quiet -m 6 -q {q} {input} -o {output}",
          "dwebp -quiet {input} -o {output}", "cwebp -version", suffix=".webp", typical=60),
    Codec("avif", encode=_AVIF.format(speed=4), **_AVIF_REST),
    Codec("avif-fast", encode=_AVIF.format(speed=6), **_AVIF_REST),
    Codec("jxl", [15, 12, 9, 7, 5, 3.5, 2.5, 1.5, 1, 0.5], "cjxl --quiet -e 7 -d {q} {input} {output}",
          "djxl --quiet {input} {output}", "cjxl --version", suffix=".jxl", typical=3.5),
]

QUALITIES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def calotype(binary="calotype", effort=1, tune="psnr", tier="auto", qualities=QUALITIES, typical=45):
    """Calotype as a codec, named after what differs from its defaults."""
    binary = os.path.abspath(binary) if os.sep in binary else binary
    differs = [(flag, value) for flag, value, usual in (("--tier", tier, "auto"), ("--tune", tune, "psnr"), ("-e", effort, 1)) if value != usual]
    name = "-".join(["calotype", *(f"e{value}" if flag == "-e" else value for flag, value in differs)])
    options = "".join(f" {flag} {value}" for flag, value in differs)
    return Codec(name, list(qualities), f"{binary} compress --quiet --overwrite -q {{q}}{options} {{input}} -o {{output}}",
                 f"{binary} decompress --quiet --overwrite {{input}} -o {{output}}", f"{binary} --version",
                 suffix=".calo", typical=typical)


def run(command):
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)}: {ran.stderr.strip()[-500:]}")


def choose(names, codecs):
    """The codecs named (all without names) whose tools are installed; says which are skipped."""
    chosen = []
    for codec in codecs:
        if names and codec.name not in names:
            continue
        if codec.available():
            chosen.append(codec)
        else:
            print(f"{codec.name}: {codec.tool} or its decoder is not installed, skipped")
    return chosen


def publish(folder, name, results, text):
    """Writes NAME.json and NAME.md, and prints the second."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    print(text)
