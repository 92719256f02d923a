"""The stages of the stream: a pure function of a batch each, and the effects it leads to, applied in lanes."""
