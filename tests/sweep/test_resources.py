"""Processes and memory of a sweep."""

import os
from pathlib import Path

import pytest
from sweeps import settings, slurm_values

from mlp_lab.errors import UserError
from mlp_lab.memory import free_memory
from mlp_lab.sweep import resources
from mlp_lab.sweep.resources import (
    gpu_of,
    process_count,
    require_cores,
    require_few_processes,
    stack_memory,
    visible_gpus,
)


def test_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each core, or for as many threads as each has; one for a GPU; or what is said."""
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert process_count("cpu", 1, settings()) == 8
    assert process_count("cpu", 3, settings()) == 2
    assert process_count("cpu", 99, settings()) == 1
    assert process_count("cuda", 1, settings()) == 1
    assert process_count("cuda", 1, settings(processes=3)) == 3


def test_a_worker_for_each_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of those that are visible; each sees its own."""
    for name in ("nvidia0", "nvidia1", "nvidia12", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(resources, "DEVICES", tmp_path)
    assert visible_gpus({}) == ["0", "1", "2"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "3, GPU-ab"}) == ["3", "GPU-ab"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "1,-1,2"}) == ["1"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert process_count("auto", 1, settings()) == process_count("cuda", 1, settings()) == 3
    assert process_count("cpu", 1, settings()) == max(1, os.cpu_count() or 1)
    assert [gpu_of(k, "cuda", ["3", "GPU-ab"]) for k in range(3)] == ["3", "GPU-ab", "3"]
    assert gpu_of(0, "cpu", ["0", "1"]) is gpu_of(0, "auto", ["0"]) is gpu_of(0, "auto", []) is None


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what is free, or what is said, for all stacks together."""
    assert free_memory() > 2**20
    monkeypatch.setattr(resources, "free_memory", lambda: 2.0**30)
    assert stack_memory(settings(), 4) == 2**27
    assert stack_memory(settings(memory=2.0), 4) == 2**29


def test_processes_that_would_only_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four for each core are borne, and sixteen in any case."""
    for cores, most in ((2, 16), (8, 32)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        require_few_processes(settings(processes=most))
        require_few_processes(settings())
        with pytest.raises(
            UserError, match=rf"^sweep\.processes must be at most {most} with {cores}"
        ):
            require_few_processes(settings(processes=most + 1))


def test_a_task_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own cores and its own memory count, and not those of this machine."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(resources, "free_memory", lambda: 2.0**30)
    task = settings(engine="slurm", slurm=slurm_values(cpus_per_task=64, memory=4), processes=60)
    require_few_processes(task)
    assert process_count("cpu", 1, task) == 60
    task = settings(engine="slurm", slurm=slurm_values(cpus_per_task=8, memory=4.0))
    assert process_count("cpu", 2, task) == 4
    assert process_count("cuda", 1, task) == 1
    assert stack_memory(task, 2) == 2**30
    assert stack_memory(settings(engine="slurm"), 2) == 2**28
    gpu = settings(engine="slurm", slurm=slurm_values(cpus_per_task=8, gres="gpu:1"))
    assert process_count("auto", 1, gpu) == 1
    require_cores(8, task)
    with pytest.raises(UserError, match=r"^threads must be at most the 8 of sweep\.slurm\.cpus"):
        require_cores(9, task)
