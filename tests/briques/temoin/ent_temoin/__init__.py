"""La brique témoin : une annotation de chaque sorte."""
