"""Where ticks come from: each file is one kind of source, and none knows another kind."""
