"""The whole of live orders against a simulated exchange that misbehaves, on a virtual clock; one seed is one history."""
