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
    ax.set_xlabel('gigapixels seen (two CPU cores see about 2.7 in an hour, alone)')
    ax.set_ylabel('BD-rate on Kodak, %')
    ax.grid(alpha=.3)
    ax.legend(fontsize=8)
    fig.tight_layout()
    fig.savefig(sys.argv[1])


if __name__ == '__main__':
    main()
