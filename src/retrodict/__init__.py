"""retrodict: a laboratory for the training dynamics of directional knowledge."""
