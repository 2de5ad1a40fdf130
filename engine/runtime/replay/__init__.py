"""Playing a recorded session: its feed, its control, and the check against the recorded run."""
