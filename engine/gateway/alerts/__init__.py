"""Alerts of the service: what stands is judged once a second, and told by every channel there is, by each in its own time."""
