# SPDX-License-Identifier: Apache-2.0
"""model.ini, and exported folders."""
import os
import re
import shutil
import xxhash


def digest(folder, file):
    with open(os.path.join(folder, file), 'rb') as f:
        return xxhash.xxh3_128_hexdigest(f.read())


def write_manifest(folder, model, parts, tile, uses={}, **sections):
    """model: id, task, version, source; parts: name -> file; tile: multiple, halo, size; uses: part -> part that holds its weights; sections: further ones."""
    checked = {}
    for name, file in parts.items():
        checked.update({name: file, name + '_xxh128': digest(folder, file)})
        if name in uses:
            checked[name + '_uses'] = uses[name]
    model = dict(id=model['id'], task=model['task'], version=model['version'], license='Apache-2.0', source=model['source'])
    sections = dict(model=model, part=checked, tile=tile, **sections, engine=dict(precision='fp32,bf16'))
    text = '\n'.join(f'[{name}]\n' + ''.join(f'{k}={v}\n' for k, v in entries.items()) for name, entries in sections.items())
    with open(os.path.join(folder, 'model.ini'), 'w') as f:
        f.write(text)


def renew_checksum(folder, part):
    """After a part's file has been made again."""
    path = os.path.join(folder, 'model.ini')
    with open(path) as f:
        text = f.read()
    file = re.search(f'^{part}=(.*)$', text, re.M)[1]
    text = re.sub(f'^{part}_xxh128=.*$', f'{part}_xxh128={digest(folder, file)}', text, flags=re.M)
    with open(path, 'w') as f:
        f.write(text)


def install(made, folder):
    """Moves files into place, model.ini last."""
    os.makedirs(folder, exist_ok=True)
    for f in sorted(os.listdir(made), key=lambda f: f == 'model.ini'):
        shutil.copy(os.path.join(made, f), os.path.join(folder, f + '.new'))
        os.replace(os.path.join(folder, f + '.new'), os.path.join(folder, f))
        print('  %-22s %9d bytes' % (f, os.path.getsize(os.path.join(folder, f))))
