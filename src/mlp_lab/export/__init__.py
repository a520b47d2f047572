"""A network for other programs: one ONNX graph with its preprocessing, or a program of torch's."""
