"""Pictures and pages about finished runs, made from their folders."""
