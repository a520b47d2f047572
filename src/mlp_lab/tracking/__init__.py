"""What is written epoch by epoch: curves.csv and TensorBoard events."""
