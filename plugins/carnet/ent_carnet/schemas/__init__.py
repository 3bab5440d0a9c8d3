"""La forme de ce qui entre et de ce qui sort, la même pour les pages et pour l'API."""
