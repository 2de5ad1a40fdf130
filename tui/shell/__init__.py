"""The Textual application around the screen: loop, timers, themes, start and end."""
