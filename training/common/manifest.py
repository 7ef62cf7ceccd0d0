# SPDX-License-Identifier: Apache-2.0
"""model.ini, and exported folders."""
import hashlib
import os
import shutil


def write_manifest(folder, model, parts, tile, **sections):
    """model: id, task, version, source; parts: name -> file; tile: multiple, halo, size; sections: further ones."""
    digest = lambda f: hashlib.sha256(open(os.path.join(folder, f), 'rb').read()).hexdigest()
    checked = {k: v for name, file in parts.items() for k, v in ((name, file), (name + '_sha256', digest(file)))}
    model = dict(id=model['id'], task=model['task'], version=model['version'], license='Apache-2.0', source=model['source'])
    sections = dict(model=model, part=checked, tile=tile, **sections, engine=dict(precision='fp32,bf16'))
    text = '\n'.join(f'[{name}]\n' + ''.join(f'{k}={v}\n' for k, v in entries.items()) for name, entries in sections.items())
    with open(os.path.join(folder, 'model.ini'), 'w') as f:
        f.write(text)


def install(made, folder):
    """Moves files into place, model.ini last."""
    os.makedirs(folder, exist_ok=True)
    for f in sorted(os.listdir(made), key=lambda f: f == 'model.ini'):
        shutil.copy(os.path.join(made, f), os.path.join(folder, f + '.new'))
        os.replace(os.path.join(folder, f + '.new'), os.path.join(folder, f))
        print('  %-22s %9d bytes' % (f, os.path.getsize(os.path.join(folder, f))))
