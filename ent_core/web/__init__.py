"""Pages, sessions et API."""
