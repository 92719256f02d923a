"""How fast, how faithful and how steady explanations are, beside stock LIME."""
