"""One run: from a job to a folder that holds what it left."""
