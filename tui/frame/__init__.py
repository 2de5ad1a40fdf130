"""What stands around and over the panes: top lines, footer, dialogs, and the whole of it as lines. Pure."""
