"""The sentence encoder: how it is trained (PyTorch, an environment of its own) and the ONNX file that ships."""
