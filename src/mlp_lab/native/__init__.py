"""The compiled kernel: what trains small networks on a CPU without dispatching operations."""
