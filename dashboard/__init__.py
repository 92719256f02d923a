"""The analyst's page: what the stream says, shown to people, and what people say about it, told to the stream."""
