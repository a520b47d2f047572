"""Steps on a few rows instead of all: two experiments of one lesson."""
