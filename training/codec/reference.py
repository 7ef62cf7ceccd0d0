# SPDX-License-Identifier: Apache-2.0
"""Cross-check for other implementations: reference.py FOLDER PICTURE POSITION prints symbols' checksum and ideal code length.

The integer path is exact; float means and latents come from onnxruntime, so symbols may differ where another engine rounds the other way.
--dump FILE stores every intermediate array (npz): y, z, base, step, index, r, yh.
"""
import argparse
import numpy as np
from common.data import read
from codec.runtime import Codec


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('folder')
    ap.add_argument('picture')
    ap.add_argument('position', type=int)
    ap.add_argument('--dump')
    a = ap.parse_args()
    codec, image = Codec(a.folder), read(a.picture)
    y = codec.analyse(image)
    code = codec.encode(y, a.position)
    latent, hyper = codec.bits(code)
    out = codec.decode(code['yh'], a.position, image.shape[:2])
    print('size %dx%d latents %s symbols crc32 %08x hyper crc32 %08x index crc32 %08x' % (
        image.shape[1], image.shape[0], 'x'.join(map(str, code['r'].shape)), codec.checksum(code['r']), codec.checksum(code['z']), codec.checksum(code['index'])))
    print('bits %.1f + hyper %.1f = %.4f bpp, %.3f dB, largest symbol %d' % (
        latent, hyper, (latent + hyper) / image[..., 0].size, 10 * np.log10(255 ** 2 / np.mean((out.astype(float) - image) ** 2)), np.abs(code['r']).max()))
    if a.dump:
        np.savez(a.dump, y=y, output=out, **code)


if __name__ == '__main__':
    main()
