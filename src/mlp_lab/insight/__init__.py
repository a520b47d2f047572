"""What a run shows: verdicts, and what they rest on; what networks show: lessons."""
