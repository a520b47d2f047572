"""Tables: a file of rows and columns -> numbers, and back."""
