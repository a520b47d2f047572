"""Training: stacks of networks, the loop over epochs, and everything that reads its records."""
