"""Plain data and protocols that every folder shares: ticks, orders, commands, events, snapshots, ports. No I/O."""
