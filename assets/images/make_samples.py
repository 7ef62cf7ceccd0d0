# SPDX-License-Identifier: Apache-2.0
"""Renders the sample pictures beside this file: every pixel is computed, nothing is copied from anywhere.

    python3 -m pip install -r bench/requirements.txt
    python3 assets/images/make_samples.py [NAME...]
"""
import importlib
import pathlib
import sys

import cv2

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["landscape", "studio", "fern", "balloon"]

if __name__ == "__main__":
    sys.path.insert(0, str(HERE / "generator"))
    for name in sys.argv[1:] or NAMES:
        cv2.imwrite(str(HERE / f"{name}.png"), importlib.import_module(name).render(),
                    [cv2.IMWRITE_PNG_COMPRESSION, 9])
        print(f"{name}.png")
