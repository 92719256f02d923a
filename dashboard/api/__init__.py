"""What the page's scripts ask for, as JSON: one module for each kind of question."""
