"""Stacks of networks and the loop that trains them: no configuration, file or terminal here."""
