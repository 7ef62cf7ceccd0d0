# SPDX-License-Identifier: Apache-2.0
"""Tables of restoration.py."""

# CBSD68, sigma 15 / 25 / 50, as Zhang et al. report them in the papers on FFDNet and DRUNet.
PUBLISHED = {"CBM3D": (33.52, 30.71, 27.38), "DnCNN": (33.90, 31.24, 27.95), "FFDNet (213 kMAC a pixel)": (33.87, 31.21, 27.96),
             "DRUNet (2118 kMAC a pixel)": (34.30, 31.69, 28.51)}
NAMES = {"cbsd68": "CBSD68", "kodak": "Kodak, 24 pictures of 768 x 512", "mcmaster": "McMaster"}


def table(first, columns, rows):
    lines = ["| " + " | ".join([first, *columns]) + " |", "| --- |" + " --: |" * len(columns)]
    return lines + ["| " + " | ".join([name, *values]) + " |" for name, values in rows] + [""]


def transposed(rows, unit):
    """Methods down, levels across."""
    methods = list(dict.fromkeys(method for row in rows.values() for method in row))
    return [f"{unit} {level}" for level in rows], [
        (method, [f"{row[method]:.2f}" if isinstance(row[method], float) else str(row[method]) for row in rows.values()])
        for method in methods]


def markdown(results):
    lines = ["# Restoration", "", "Written by `bench/restoration.py` in one run; PSNR in dB, means over the pictures.", ""]
    if "denoise" in results:
        lines += ["## Noise", "", "White Gaussian noise of a fixed seed, neither clipped nor rounded; red, green and blue after rounding "
                  "to 8 bits. `auto` estimates the noise from the picture. OpenCV's method gets the clipped 8-bit picture, "
                  "h = 0.7 sigma, windows of 5 and 15. Published figures are the papers', not measured here.", ""]
        for name, rows in results["denoise"].items():
            columns, body = transposed(rows, "sigma")
            if name == "cbsd68":
                body += [(f"{method}, published", [f"{v:.2f}" for v in values]) for method, values in PUBLISHED.items()]
            lines += [f"### {NAMES[name]}", ""] + table("", columns, body)
    if "deblock" in results:
        lines += ["## JPEG artefacts", "", "Colour 4:2:0; quality from the file, or found in the samples where the picture was saved again as "
                  "PNG. The worst gain is that of the picture that gains least.", ""]
        for name, rows in results["deblock"].items():
            lines += [f"### {NAMES[name]}", ""] + table("", *transposed(rows, "q"))
    if "inpaint" in results:
        lines += ["## Holes", "", "PSNR inside the holes, crops of 500 x 500 from the middle of the Kodak pictures. Pixels outside of the "
                  "mask are the same to the bit, or the run fails.", ""]
        rows = results["inpaint"]["kodak"]
        lines += table("mask", list(next(iter(rows.values()))), [
            (kind, [f"{v:.2f}" for v in row.values()]) for kind, row in rows.items()])
    return "\n".join(lines)
