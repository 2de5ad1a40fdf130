"""How figures are written, wherever they are shown: pure, and shared by all that shows them."""
