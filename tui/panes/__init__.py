"""The panes and their layout: each a pure function from what there is to see to lines of styled text."""
