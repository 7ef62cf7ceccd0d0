# SPDX-License-Identifier: Apache-2.0
"""Draws the training curve: python -m codec.plot OUT.png CURVE.json. The file lists [{name, gigapixels, jpeg, jpeg2000}]: BD-rates on Kodak against pixels seen."""
import json
import sys
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt


def main():
    runs = json.load(open(sys.argv[2]))
    fig, ax = plt.subplots(figsize=(7, 4), dpi=130)
    for key, label in (('jpeg', 'against optimised progressive JPEG'), ('jpeg2000', 'against OpenJPEG')):
        ax.plot([r['gigapixels'] for r in runs], [r[key] for r in runs], 'o-', label=label)
        for r in runs:
            ax.annotate('%+.1f' % r[key], (r['gigapixels'], r[key]), textcoords='offset points', xytext=(0, 6), ha='center', fontsize=7)
    ax.axhline(0, color='grey', lw=.7)
    ax.set_xscale('log', base=2)
    ax.xaxis.set_major_formatter('{x:g}')
    ax.set_xlabel('gigapixels seen, every step twice as many (in an hour, two CPU cores see 2.7 with AMX, 1.3 without)')
    ax.set_ylabel('BD-rate on Kodak, %, anchors 0 to 7')
    ax.grid(alpha=.3)
    ax.legend(fontsize=8)
    ax.xaxis.label.set_size(8)
    fig.tight_layout()
    fig.savefig(sys.argv[1])


if __name__ == '__main__':
    main()
