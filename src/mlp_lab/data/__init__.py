"""Data: sets bundled with scikit-learn, synthetic sets, splitting, encoding -> tensors."""
